"""Makes the sample exports: `python tests/data/vendors/make_exports.py`.

Each is what a vendor's user would have: the vendor's real columns, at least 50 calls of fictional
people, and the mess that is typical of it. The same each time.
"""

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SEED = 20261120
ROWS = 56
EASTERN = timezone(timedelta(hours=-5))
AREAS = ("212", "617", "312", "415", "702", "305")
PLACES = (("Boston", "MA", "02139"), ("Chicago", "IL", "60601"), ("Miami", "FL", "33101"))
NUMBERS = ("8005550111", "8005550122", "8005550133")

Row = dict[str, Any]


class Call:
    """One call, before any vendor writes it down."""

    def __init__(self, number: int, dice: random.Random) -> None:
        self.number = number
        self.began = datetime(2026, 11, 10, 9, tzinfo=EASTERN) + timedelta(
            minutes=167 * number + dice.randrange(60), seconds=dice.randrange(60)
        )
        self.caller = dice.choice(AREAS) + f"55501{dice.randrange(100):02}"
        self.tracking = NUMBERS[number % len(NUMBERS)]
        self.destination = "8005550199"
        self.answered = number % 5 != 0
        self.menu = dice.randrange(3, 25)
        self.talk = dice.randrange(20, 900) if self.answered else 0
        self.total = self.talk + self.menu + dice.randrange(0, 9)
        self.city, self.region, self.zip = PLACES[number % len(PLACES)]
        self.repeat = number % 4 == 0

    @property
    def utc(self) -> datetime:
        return self.began.astimezone(UTC)

    @property
    def epoch(self) -> int:
        return int(self.began.timestamp())

    def dashes(self, number: str) -> str:
        return f"{number[:3]}-{number[3:6]}-{number[6:]}"

    def parentheses(self, number: str) -> str:
        return f"({number[:3]}) {number[3:6]}-{number[6:]}"


def invoca_fields(call: Call) -> Row:
    cause = "Caller: Hang-up" if call.number % 2 else "Destination: Hang-up"
    if not call.answered:
        cause = ("Caller: Hang-up", "Destination: No Answer", "IVR: Hang-up")[call.number % 3]
    return {
        "transaction_id": f"00F7-{call.number:04X}-T", "complete_call_id": f"00F7-{call.number:04X}",
        "corrects_transaction_id": "", "transaction_type": "Call",
        "start_time_local": f"{call.began:%Y-%m-%d %H:%M:%S} -05:00",
        "start_time_utc": f"{call.epoch}000", "calling_phone_number": call.dashes(call.caller),
        "destination_phone_number": call.dashes(call.destination), "duration": call.total,
        "connect_duration": call.talk, "ivr_duration": call.menu, "hangup_cause": cause,
        "repeat_calling_phone_number": str(call.repeat).lower(),
        "mobile": ("Mobile", "Landline", "")[call.number % 3], "city": call.city,
        "region": call.region, "verified_zip": call.zip, "keypresses": "1", "keypress_1": "Sales",
        "opt_in_SMS": call.number % 2, "recording": f"https://rec.example.com/{call.number}",
        "call_source_description": "Google", "promo_line_description": "Spring",
        "sale_amount": "$1,250.00" if call.number == 7 else "",
    }  # fmt: skip


def invoca_report(call: Call) -> Row:
    result = "Answered" if call.answered else ("No Answer", "Busy", "Voicemail")[call.number % 3]
    return {
        "Transaction ID": f"00F7-{call.number:04X}-T", "Call Record ID": f"00F7-{call.number:04X}",
        "Type": "Call", "Call Start Time": f"{call.began:%m/%d/%Y %I:%M:%S %p}",
        "Caller ID": call.dashes(call.caller),
        "Destination Phone Number": call.dashes(call.destination), "Total Duration": call.total,
        "Connected Duration": call.talk, "IVR Duration": call.menu, "Call Result": result,
        "Repeat Caller": "Yes" if call.repeat else "No", "Phone Type": "Mobile", "City": call.city,
        "Region": call.region, "Verified Zip Code": call.zip.lstrip("0"), "Source": "Radio",
        "Promo Number Description": "Catalogue",
    }  # fmt: skip


def callrail_fields(call: Call) -> Row:
    voicemail = not call.answered and call.number % 2 == 1
    return {
        "id": f"CAL{call.number:08x}", "answered": str(call.answered).lower(),
        "business_phone_number": f"+1{call.destination}", "customer_city": call.city,
        "customer_country": "US", "customer_name": "Jane Roe",
        "customer_phone_number": f"+1{call.caller}", "customer_state": call.region,
        "direction": "inbound", "duration": call.total,
        "recording": f"https://app.example.com/calls/{call.number}/recording",
        "start_time": f"{call.began:%Y-%m-%dT%H:%M:%S}.236-05:00",
        "tracking_phone_number": f"+1{call.tracking}", "voicemail": str(voicemail).lower(),
        "first_call": str(not call.repeat).lower(), "source": "Google Ads",
        "zip_code": call.zip, "value": "",
    }  # fmt: skip


def callrail_list(call: Call) -> Row:
    return {
        "Call Status": "Answered Call" if call.answered else "Abandoned Call",
        "Number Name": "Spring flyer", "Tracking Number": call.parentheses(call.tracking),
        "Source": "Google Ads", "Start Time": f"{call.began:%Y-%m-%d %I:%M %p}",
        "Duration (seconds)": call.total, "Name": "Jane Roe",
        "Phone Number": call.parentheses(call.caller), "Email": "",
        "First-Time Caller": "true" if not call.repeat else "", "City": call.city,
        "State": call.region, "Medium": "CPC", "Landing Page": "https://example.com/spring",
        "Tags": "", "Qualified": "Not Scored", "Value": "",
        "Recording Url": f"https://app.example.com/calls/{call.number}", "Note": "",
    }  # fmt: skip


def ringba_keys(call: Call) -> Row:
    dialled = call.answered or call.number % 2 == 0
    return {
        "campaignName": "Spring", "publisherName": "Acme", "inboundCallId": f"RGB{call.number:012X}",
        "callDt": f"{call.epoch}561", "inboundPhoneNumber": f"+1{call.caller}",
        "number": f"+1{call.tracking}",
        "targetNumber": f"+1{call.destination}" if dialled else "-no value-",
        "callLengthInSeconds": call.total, "connectedCallLengthInSeconds": call.talk,
        "hasConnected": call.answered, "isIncomplete": dialled and not call.answered,
        "isLive": False, "wasBlocked": False, "hasVoiceMail": False,
        "endCallSource": "Caller" if call.number % 2 else "Target",
        "ivrDepth": 1, "hasPreviouslyConnected": call.repeat, "isDuplicate": False,
        "recordingUrl": f"https://media.example.com/r?v=v1&k=a%2fb{call.number}%3d",
        "conversionAmount": "0", "numberPoolName": "-no value-",
    }  # fmt: skip


def ringba_labels(call: Call) -> Row:
    return {
        "Call Date": f"{call.began:%m/%d/%Y %I:%M:%S %p}", "Inbound Call ID": f"RGB{call.number:012X}",
        "Campaign": "Spring", "Publisher": "Acme", "Caller ID": f"+1{call.caller}",
        "Dialed #": f"+1{call.tracking}", "Target Number": f"+1{call.destination}",
        "Duration": clock(call.total), "Connected Call Length": clock(call.talk),
        "Connected": "Yes" if call.answered else "No",
        "Incomplete": "No" if call.answered else "Yes", "Is Live": "No",
        "Recording": f"https://media.example.com/r?k=a%2fb{call.number}", "Revenue": "$0.00",
        "Hangup": "Caller", "IVR Depth": 1,
    }  # fmt: skip


def calltrackingmetrics(call: Call) -> Row:
    status = "Answered" if call.answered else ("No answer", "Hangup", "Busy")[call.number % 3]
    return {
        "id": 9000 + call.number, "sid": f"CL{call.number:06}", "name": "Jane Roe",
        "source": "Google Ads", "duration": call.total, "direction": "inbound",
        "talk_time": call.talk, "ring_time": 4, "city": call.city, "state": call.region,
        "country": "US", "postal_code": call.zip, "unix_time": call.epoch,
        "called_at": f"{call.began:%Y-%m-%d %I:%M %p} -05:00",
        "tracking_number": f"+1{call.tracking}", "tracking_label": "Spring",
        "business_number": f"+1{call.destination}", "status": status,
        "is_new_caller": not call.repeat, "caller_number": f"+1{call.caller}",
        "caller_number_bare": call.caller, "inputs": {"menu_inputs": ["1"]},
        "audio": f"https://app.example.com/a/{call.number}", "excluded": False, "redacted": False,
    }  # fmt: skip


def retreaver(call: Call) -> Row:
    return {
        "uuid": f"9f1c{call.number:08x}-6f2d", "caller": f"+1{call.caller}",
        "caller_zip": call.zip, "caller_state": call.region, "caller_city": call.city.upper(),
        "caller_country": "US", "dialed_call_duration": call.talk if call.answered else None,
        "total_duration": call.total, "ivr_duration": call.menu, "hold_duration": 0,
        "status": "finished", "start_time": f"{call.utc:%Y-%m-%dT%H:%M:%S}.034Z", "cid": "7",
        "afid": "12", "sid": "sub-7", "dialed_number": f"+1{call.destination}",
        "number": {"number": f"+1{call.tracking}", "name": "Spring"},
        "hung_up_by": "caller" if call.number % 2 else "target", "repeat": call.repeat,
        "keys_pressed": ["1", "2"], "connected": call.answered,
        "recording_url": f"https://rec.example.com/{call.number}.mp3", "affiliate_name": "Acme",
    }  # fmt: skip


def twilio(call: Call) -> Row:
    status = "completed" if call.answered else ("no-answer", "busy", "canceled")[call.number % 3]
    return {
        "sid": f"CA{call.number:032x}", "parent_call_sid": "", "from": f"+1{call.caller}",
        "to": f"+1{call.tracking}", "status": status,
        "start_time": f"{call.utc:%a, %d %b %Y %H:%M:%S} +0000",
        "end_time": "", "duration": call.total if call.answered else "", "price": "-0.0085",
        "price_unit": "USD", "direction": "inbound", "answered_by": "", "queue_time": "0",
    }  # fmt: skip


def trackdrive(call: Call) -> Row:
    status = "finished" if call.answered else ("no-answer", "ivr-hung-up", "busy")[call.number % 3]
    return {
        "id": call.number, "uuid": f"td-{call.number:08x}",
        "created_at": f"{call.began:%Y-%m-%dT%H:%M:%S}.495-05:00",
        "caller_number": f"+1{call.caller}", "number_called": f"+1{call.tracking}",
        "connected_to": f"+1{call.destination}" if call.answered else "",
        "total_duration": call.total, "ivr_duration": call.menu, "hold_duration": 0,
        "answered_duration": call.talk, "status": status, "traffic_source": "Acme",
        "traffic_source_repeat_caller": str(call.repeat).lower(), "caller_city": call.city,
        "caller_country": "US", "recording_url": f"https://rec.example.com/{call.number}",
        "revenue": "0.00", "sub_id": "s7",
    }  # fmt: skip


def dialogtech(call: Call) -> Row:
    return {
        "date_added": f"{call.began:%Y-%m-%d %H:%M:%S}", "call_type": "inbound",
        "phone_label": "Spring", "dnis": call.tracking, "ani": call.caller,
        "sid": f"DT{call.number:08}", "switch_minutes": f"{call.menu / 60:.1f}",
        "network_minutes": f"{call.talk / 60:.1f}", "call_duration": -(-call.total // 60),
        "transfer_to_number": call.destination, "city": call.city, "state": call.region,
        "zipcode": call.zip, "call_transfer_status": "answered" if call.answered else "no answer",
    }  # fmt: skip


def asterisk(call: Call) -> Row:
    answer = f"{call.began:%Y-%m-%d %H:%M:%S}" if call.answered else ""
    disposition = "ANSWERED" if call.answered else ("NO ANSWER", "BUSY")[call.number % 2]
    cells = ["", call.caller, call.destination, "from-trunk", f'"Jane Roe" <{call.caller}>',
             "PJSIP/trunk-1", "PJSIP/100-2", "Dial", "PJSIP/100,30",
             f"{call.began:%Y-%m-%d %H:%M:%S}", answer, f"{call.began:%Y-%m-%d %H:%M:%S}",
             call.total, call.talk, disposition, "DOCUMENTATION",
             f"{call.epoch}.{call.number}", ""]  # fmt: skip
    return {str(at): cell for at, cell in enumerate(cells)}


def freepbx(call: Call) -> Row:
    disposition = "ANSWERED" if call.answered else ("NO ANSWER", "BUSY")[call.number % 2]
    return {
        "calldate": f"{call.began:%Y-%m-%d %H:%M:%S}", "clid": f'"Jane Roe" <{call.caller}>',
        "src": call.caller, "dst": "101", "dcontext": "ext-local", "channel": "PJSIP/trunk-1",
        "dstchannel": "PJSIP/101-2", "lastapp": "Dial", "lastdata": "PJSIP/101,30",
        "duration": call.total, "billsec": call.talk, "disposition": disposition, "amaflags": "3",
        "accountcode": "", "uniqueid": f"{call.epoch}.{2 * call.number + 1}", "userfield": "",
        "did": call.tracking, "recordingfile": f"external-101-{call.number}.wav",
        "cnum": call.caller, "cnam": "Jane Roe", "outbound_cnum": "", "outbound_cnam": "",
        "dst_cnam": "Sales",
    }  # fmt: skip


def freeswitch(call: Call) -> Row:
    cause = "NORMAL_CLEARING"
    if not call.answered:
        cause = ("ORIGINATOR_CANCEL", "NO_ANSWER", "USER_BUSY")[call.number % 3]
    ended = call.began + timedelta(seconds=call.total)
    answered = f"{ended - timedelta(seconds=call.talk):%Y-%m-%d %H:%M:%S}" if call.answered else ""
    return {
        "uuid": f"a5c9f6c0-e752-11e3-8bfb-{call.number:012x}", "caller_id_name": "Jane Roe",
        "caller_id_number": call.caller, "destination_number": call.tracking,
        "direction": "inbound", "call_type": "voice",
        "start_stamp": f"{call.began:%Y-%m-%d %H:%M:%S}", "answer_stamp": answered,
        "end_stamp": f"{ended:%Y-%m-%d %H:%M:%S}", "duration": call.total, "billsec": call.talk,
        "hangup_cause": cause, "mos_score": "4.4",
    }  # fmt: skip


def freeswitch_master(call: Call) -> Row:
    row = freeswitch(call)
    row |= {"context": "public", "bleg_uuid": "", "accountcode": "", "codec": "PCMU"}
    names = (
        *("caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp"),
        *("answer_stamp", "end_stamp", "duration", "billsec", "hangup_cause", "uuid"),
        *("bleg_uuid", "accountcode", "codec"),
    )
    cells = [*(row[name] for name in names), "PCMU"]
    return {str(at): cell for at, cell in enumerate(cells)}


def freeswitch_asterisk(call: Call) -> Row:
    row = freeswitch(call)
    cells = ["", call.caller, call.tracking, "public", f'"Jane Roe" <{call.caller}>',
             "sofia/external/1", "sofia/internal/101", "bridge", "user/101", row["start_stamp"],
             row["answer_stamp"], row["end_stamp"], call.total, call.talk, row["hangup_cause"],
             "", row["uuid"], ""]  # fmt: skip
    return {str(at): cell for at, cell in enumerate(cells)}


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def threecx(call: Call) -> Row:
    return {
        "Call Time": f"{call.began:%Y-%m-%dT%H:%M:%S}", "Call ID": f"0000019A-{call.number:04X}-4C7B",
        "From": call.caller, "To": "Sales (800)", "Direction": "Inbound",
        "Status": "Answered" if call.answered else "Unanswered",
        "Ringing": clock(call.total - call.talk), "Talking": clock(call.talk), "Cost": "0.00",
        "Call Activity Details": f"Inbound: {call.caller} (1{call.tracking}) -> Sales (800)",
    }  # fmt: skip


def talkdesk(call: Call) -> Row:
    outcome = "Inbound" if call.answered else ("Missed", "Voicemail", "Abandoned")[call.number % 3]
    ended = call.began + timedelta(seconds=call.total)
    return {
        "Interaction ID": f"{6000 + call.number}bb0e2f3c4d5e6f708192", "Call Type": outcome,
        "Start Time": f"{call.began:%m/%d/%Y %H:%M:%S}", "End Time": f"{ended:%m/%d/%Y %H:%M:%S}",
        "Talkdesk Phone Number": f"+1{call.tracking}", "Customer Phone Number": f"+1{call.caller}",
        "Talk Time": clock(call.talk),
        "Record": f"https://rec.example.com/{call.number}" if call.answered else "",
        "Wait Time": clock(call.total - call.talk), "Agent Name": "Alex Agent",
        "Hold Time": clock(0), "Abandon Time": "", "Total Ringing Time": "",
        "Disposition Code": "Sale" if call.answered else "",
    }  # fmt: skip


def dialpad(call: Call) -> Row:
    ended = call.began + timedelta(seconds=call.total)
    connected = ended - timedelta(seconds=call.talk)
    return {
        "date_started": f"{call.began:%Y-%m-%d %H:%M:%S}.388365",
        "call_id": str(6529997769220001 + 2 * call.number), "operator_id": "58046",
        "operator_name": "Alex Agent", "disposition": "Billing~Refund" if call.answered else "",
        "direction": "inbound", "external_number": f"+1{call.caller}",
        "internal_number": f"+1{call.tracking}", "date_rang": f"{call.began:%Y-%m-%d %H:%M:%S}",
        "date_queued": "",
        "date_connected": f"{connected:%Y-%m-%d %H:%M:%S}" if call.answered else "",
        "date_ended": f"{ended:%Y-%m-%d %H:%M:%S}", "target_id": "56990",
        "target_kind": "CallCenter",
        "recording_url": f"https://rec.example.com/{call.number}" if call.answered else "",
        "timezone": "America/New_York",
    }  # fmt: skip


def aircall(call: Call) -> Row:
    outcome = "Answered" if call.answered else ("Missed", "Voicemail", "Abandoned")[call.number % 3]
    reasons = {
        "Missed": "agents_did_not_answer", "Voicemail": "no_available_agent",
        "Abandoned": "short_abandoned", "Answered": "",
    }  # fmt: skip
    began, ended = (
        f"{at:%Y-%m-%d %H:%M:%S}" for at in (call.began, call.began + timedelta(seconds=call.total))
    )
    return {
        "line": "Sales", "datetime (tz offset incl.)": began, "number timezone": "America/New_York",
        "datetime (utc)": f"{call.utc:%Y-%m-%d %H:%M:%S}", "country_code": "US",
        "direction": "inbound", "from": f"1{call.caller}", "to": f"1{call.tracking}",
        "answered": "Yes" if call.answered else "No", "missed_call_reason": reasons[outcome],
        "user": "Alex Agent", "duration (total)": call.total,
        "duration (in call)": call.talk if call.answered else "", "voicemail": "",
        "recording": f"https://assets.example.com/calls/{call.number}" if call.answered else "",
        "call direction - type": f"Inbound - {outcome}", "call start time": began,
        "call end time": ended, "customer number": f"+1{call.caller}",
        "in-call duration": clock(call.talk) if call.answered else "",
        "call id": f"CA{call.number:032x}", "call type": outcome,
        "time in ivr": clock(call.menu), "call id (internal)": 3331520000 + call.number,
    }  # fmt: skip


def ringcentral_simple(call: Call) -> Row:
    result = "Accepted" if call.answered else ("Missed", "Voicemail", "Busy")[call.number % 3]
    seconds = call.total
    return {
        "Direction": "Incoming", "Type": "Voice", "Phone Number": call.parentheses(call.caller),
        "Name": "Jane Roe", "Date": f"{call.began:%a %m/%d/%Y}",
        "Time": f"{call.began:%I:%M %p}".lstrip("0"), "Action": "Phone Call",
        "Action Result": result, "Result Description": "",
        "Duration": f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}",
    }  # fmt: skip


def ringcentral_detailed(call: Call) -> Row:
    simple = ringcentral_simple(call)
    return {
        "Type": "Voice", "CallId": f"Qx{call.number:02}ytXPKSsBzUA",
        "SessionId": str(40912345678000 + call.number), "Leg": "Leg-master",
        "Direction": "Incoming", "From": call.parentheses(call.caller),
        "To": call.parentheses(call.tracking), "Extension": "Main Desk",
        "Forwarded To": call.parentheses(call.destination) if call.answered else "",
        "Name": "Jane Roe", "Date": simple["Date"],
        "Time": f"{call.began:%I:%M:%S %p}".lstrip("0"), "Action": "Phone Call",
        "Action Result": simple["Action Result"], "Result Description": "",
        "Duration": f"0{simple['Duration']}", "Included": "0", "Purchased": "0", "Site": "HQ - 1",
    }  # fmt: skip


def twilio_titled(call: Call) -> Row:
    titled = {
        "account_sid": "Account SID", "sid": "Call SID", "parent_call_sid": "Parent Call SID",
        "from": "From", "to": "To", "status": "Status", "direction": "Direction",
        "start_time": "Start Time", "end_time": "End Time", "duration": "Duration",
        "price": "Price",
    }  # fmt: skip
    row = {"account_sid": "AC1", **twilio(call)}
    return {title: row[name] for name, title in titled.items()}


Spoils = dict[int, Row]
"""Row number → cells that are set, for what is typical of the vendor."""

MESS: dict[str, tuple[Callable[[Call], Row], Spoils]] = {
    "invoca_api.csv": (invoca_fields, {
        2: {"transaction_type": "Signal", "signal_name": "Sale"},
        6: {"calling_phone_number": "+266696687"},
        9: {"destination_phone_number": "800-555-0199,5"},
        12: {"hangup_cause": "Meteor"}, 14: {"verified_zip": "02139-4307"},
        17: {"transaction_id": "00F7-0011-C", "corrects_transaction_id": "00F7-0010-T"},
    }),
    "invoca_report.csv": (invoca_report, {
        3: {"Caller ID": "Restricted"}, 8: {"Type": "Post Call Event"},
        11: {"Verified Zip Code": '="02139"'}, 13: {"City": "\u00a0Boston "},
    }),
    "callrail_api.csv": (callrail_fields, {
        4: {"direction": "outbound"}, 9: {"customer_phone_number": ""},
        13: {"customer_phone_number": "+7378742883"}, 21: {"recording": ""},
    }),
    "callrail_list.csv": (callrail_list, {
        5: {"Call Status": "Missed Call"}, 11: {"Phone Number": "Unavailable"},
        19: {"City": "São Paulo"}, 23: {"Note": "asked for\nthe price"},
    }),
    "ringba_api.csv": (ringba_keys, {
        3: {"isLive": True}, 8: {"inboundPhoneNumber": "anonymous"}, 12: {"wasBlocked": True,
        "hasConnected": False, "connectedCallLengthInSeconds": 0},
    }),
    "ringba_labels.csv": (ringba_labels, {
        6: {"Is Live": "Yes"}, 16: {"Caller ID": "Unknown"}, 18: {"Target Number": "-no value-"},
    }),
    "calltrackingmetrics.jsonl": (calltrackingmetrics, {
        2: {"direction": "outbound"}, 7: {"status": "In progress"}, 9: {"excluded": True},
        12: {"caller_number_bare": "", "caller_number": "anonymous"}, 16: {"status": "Completed",
        "talk_time": 0},
    }),
    "retreaver.jsonl": (retreaver, {
        3: {"caller": "+266696687"}, 8: {"status": "pending"}, 11: {"caller_zip": None},
    }),
    "twilio.csv": (twilio, {
        2: {"direction": "outbound-api"}, 4: {"status": "in-progress"}, 9: {"from": "client:bob"},
    }),
    "trackdrive.csv": (trackdrive, {
        3: {"status": "on-hold"}, 7: {"caller_number": ""}, 12: {"status": "left-voicemail",
        "answered_duration": 0},
    }),
    "dialogtech.csv": (dialogtech, {
        2: {"call_type": "outbound"}, 8: {"ani": "0000000000"}, 11: {"transfer_to_number": ""},
    }),
    "asterisk.csv": (asterisk, {
        3: {"2": "s"}, 9: {"1": "anonymous", "4": '"anonymous" <anonymous>'},
        14: {"7": "VoiceMail"},
    }),
    "asterisk_freepbx.csv": (freepbx, {
        2: {"src": "101", "dst": "16175550123", "dcontext": "from-internal", "did": "",
        "outbound_cnum": "8005550111"}, 4: {"src": "101", "dst": "102", "did": "",
        "dcontext": "from-internal"}, 7: {"lastapp": "VoiceMail", "dst": "vmu101"},
        11: {"lastapp": "BackGround", "dst": "s", "dcontext": "ivr-1"},
        17: {"src": "anonymous", "clid": '"Anonymous" <anonymous>'},
    }),
    "freeswitch_fusionpbx.csv": (freeswitch, {
        2: {"direction": "outbound", "caller_id_number": "101",
        "destination_number": "16175550123"}, 4: {"direction": "local",
        "caller_id_number": "101", "destination_number": "102"},
        8: {"billsec": 0, "answer_stamp": ""}, 12: {"hangup_cause": "NORMAL_UNSPECIFIED"},
    }),
    "freeswitch_master.csv": (freeswitch_master, {
        3: {"1": "anonymous"}, 9: {"2": "5000"},
    }),
    "freeswitch_asterisk.csv": (freeswitch_asterisk, {
        7: {"7": "voicemail"}, 11: {"7": "ivr"}, 13: {"14": "CALL_REJECTED", "13": 0},
    }),
    "aircall.csv": (aircall, {
        2: {"direction": "outbound", "call type": "Outbound", "from": "18005550111",
        "to": "16175550123"}, 9: {"from": "anonymous", "customer number": "anonymous"},
        10: {"missed_call_reason": "out_of_opening_hours", "call type": "Out of business hours"},
        15: {"missed_call_reason": "abandoned_in_ivr", "call type": "Abandoned in IVR"},
        18: {"call type": "AI Call"},
    }),
    "ringcentral_simple.csv": (ringcentral_simple, {
        2: {"Direction": "Outgoing", "Action Result": "Call connected"},
        8: {"Phone Number": ""}, 12: {"Phone Number": "101"}, 16: {"Type": "Fax"},
        22: {"Action Result": "IP Phone Offline"},
    }),
    "ringcentral_detailed.csv": (ringcentral_detailed, {
        2: {"Direction": "Outgoing", "Action Result": "Call connected"},
        8: {"From": ""}, 12: {"From": "101", "To": "102"}, 17: {"Action Result": "Hang Up"},
    }),
    "3cx.csv": (threecx, {
        2: {"Direction": "Outbound", "From": "Doe, Alex (101)", "To": "16175550123"},
        4: {"Direction": "Internal", "From": "Doe, Alex (101)", "To": "Roe, Jo (102)"},
        7: {"To": "Voicemail of Sales (800)"}, 12: {"From": "anonymous"},
        17: {"Status": "Redirected"},
    }),
    "talkdesk.csv": (talkdesk, {
        2: {"Call Type": "Outbound"}, 4: {"Call Type": "Outbound Missed", "Talk Time": "00:00:00"},
        9: {"Customer Phone Number": "anonymous"}, 10: {"Call Type": "Short Abandoned"},
        17: {"Call Type": "After Hours", "Talk Time": "00:00:00"},
    }),
    "dialpad.csv": (dialpad, {
        2: {"direction": "outbound"}, 4: {"direction": "internal"}, 9: {"external_number": ""},
        12: {"timezone": "America/Los_Angeles"},
    }),
    "twilio_titled.csv": (twilio_titled, {
        2: {"Direction": "outbound-api"}, 4: {"Status": "in-progress"}, 9: {"From": "anonymous"},
    }),
}  # fmt: skip


HEADERLESS = ("asterisk.csv", "freeswitch_master.csv", "freeswitch_asterisk.csv")


def legs_of(calls: Sequence[Call], rows: list[Row]) -> list[Row]:
    """Twilio's child legs behind the calls that were answered, all but one."""
    titled = "Call SID" in rows[0]
    legs = []
    for call, row in zip(calls, rows, strict=True):
        legs.append(row)
        if call.answered and call.number != 11:
            leg = {
                "sid": f"CB{call.number:032x}",
                "parent_call_sid": row["Call SID" if titled else "sid"],
                "to": f"+1{call.destination}",
                "duration": call.talk,
                "status": "completed",
                "direction": "outbound-dial",
            }
            if titled:
                leg["Call SID"], leg["Parent Call SID"] = leg.pop("sid"), leg.pop("parent_call_sid")
                leg = {name if " " in name else name.title(): cell for name, cell in leg.items()}
            legs.append({**row, **leg})
    return legs


def legs_below(rows: list[Row]) -> list[Row]:
    """RingCentral's rows of the legs, below each call; they carry no ids."""
    blank = {"Type": "", "CallId": "", "SessionId": "", "To": "", "Forwarded To": ""}
    legs: list[Row] = []
    for row in rows:
        legs += [row, {**row, **blank, "Leg": "Leg-1", "Action": "FindMe"}]
    return legs


def export(name: str) -> bytes:
    """One sample as the vendor would write it."""
    write, spoils = MESS[name]
    dice = random.Random(f"{SEED} {name}")  # example data
    calls = [Call(number, dice) for number in range(1, ROWS + 1)]
    rows = [{**write(call), **spoils.get(call.number, {})} for call in calls]
    if name.startswith("twilio"):
        rows = legs_of(calls, rows)
    if name.startswith("ringcentral_detailed"):
        rows = legs_below(rows)
    # The same call stands in two pages of an export.
    rows.append(rows[20])
    if name.endswith(".jsonl"):
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    return _csv(name, rows)


def _csv(name: str, rows: list[Row]) -> bytes:
    header = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if name in HEADERLESS else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n", quoting=quoting)
    if name.startswith("invoca_report"):
        text.write('Transactions\nDate range:,"Nov 10 - Nov 17, 2026"\n\n')
    if name not in HEADERLESS:
        writer.writeheader()
    writer.writerows(rows)
    if name.startswith("invoca_report"):
        text.write(f"Total,,,,,,{len(rows)}\n")
    if name.startswith("3cx"):
        text.write(f"Totals,,,,,,{clock(60 * len(rows))},{clock(400 * len(rows))},0.00,\n")
        return b"\xef\xbb\xbf" + text.getvalue().encode()
    if name.startswith("callrail_list"):
        return text.getvalue().replace("\n", "\r\n").encode("cp1252")
    return text.getvalue().encode()


if __name__ == "__main__":
    for sample in MESS:
        (HERE / sample).write_bytes(export(sample))
