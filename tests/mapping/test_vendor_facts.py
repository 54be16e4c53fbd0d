"""Each row of each vendor's table of facts: what the vendor writes, and what goes to impact.com.

A base call stands for the vendor; each case changes some of its cells, and says what must come out:
cells of the one ready row, or the code under which the row is rejected or left out. A cell given as
None takes its column out of the export.
"""

import csv
import io
import json

import pytest

import callconv_kit as ck
from callconv_kit.mapping import preset as presets

NOW = "2026-11-24T12:00:00+00:00"
IDS = {"CampaignId": 1001, "MediaId": 20012, "ActionTrackerId": 30021}

BASE = {
    "invoca": {
        "transaction_id": "TX-1", "complete_call_id": "00F7-1", "corrects_transaction_id": "",
        "transaction_type": "Call", "start_time_local": "2026-11-20 09:30:05 -05:00",
        "start_time_utc": "1795185005000", "calling_phone_number": "617-555-0123",
        "destination_phone_number": "800-555-0199", "duration": "201", "connect_duration": "187",
        "ivr_duration": "14", "hangup_cause": "Caller: Hang-up",
    },
    "callrail": {
        "id": "CAL8154a", "answered": "true", "business_phone_number": "+18005550199",
        "customer_phone_number": "+16175550123", "direction": "inbound", "duration": "201",
        "start_time": "2026-11-20T09:30:05.236-05:00", "tracking_phone_number": "+18005550188",
        "voicemail": "false",
    },
    "callrail list": {
        "Call Status": "Answered Call", "Number Name": "Spring flyer",
        "Tracking Number": "(800) 555-0188", "Source": "Google Ads",
        "Start Time": "11/20/2026 9:30 AM", "Duration (seconds)": "201",
        "Phone Number": "(617) 555-0123", "Recording Url": "https://rec.example.com/1",
    },
    "ringba": {
        "inboundCallId": "RGB9390KQ01", "callDt": "1795185005000",
        "inboundPhoneNumber": "+16175550123", "targetNumber": "+18005550199",
        "number": "+18005550188", "callLengthInSeconds": "201",
        "connectedCallLengthInSeconds": "187", "hasConnected": "true",
    },
    "ringba labels": {
        "Call Date": "11/20/2026 9:30:05 AM", "Inbound Call ID": "RGB9390KQ01",
        "Caller ID": "+16175550123", "Dialed #": "+18005550188", "Target Number": "+18005550199",
        "Duration": "00:03:21", "Connected Call Length": "00:03:07", "Connected": "Yes",
    },
    "calltrackingmetrics": {
        "id": "9001", "sid": "CL9001", "unix_time": "1795185005",
        "caller_number": "+16175550123", "caller_number_bare": "6175550123",
        "business_number": "+18005550199", "tracking_number": "+18005550188", "duration": "201",
        "talk_time": "187", "direction": "inbound", "status": "Answered",
    },
    "retreaver": {
        "uuid": "9f1c-1", "caller": "+16175550123", "dialed_number": "+18005550199",
        "number.number": "+18005550188", "start_time": "2026-11-20T14:30:05.034Z",
        "total_duration": "201", "dialed_call_duration": "187", "ivr_duration": "7",
        "hold_duration": "7", "status": "finished", "connected": "true", "hung_up_by": "caller",
    },
    "twilio": {
        "sid": "CA1", "parent_call_sid": "", "from": "+16175550123", "to": "+18005550188",
        "status": "no-answer", "start_time": "Fri, 20 Nov 2026 14:30:05 +0000",
        "duration": "201", "direction": "inbound",
    },
    "calltrackingmetrics no talk": {
        "id": "9001", "sid": "CL9001", "unix_time": "1795185005",
        "caller_number": "+16175550123", "business_number": "+18005550199",
        "tracking_number": "+18005550188", "duration": "201", "talk_time": "",
        "direction": "inbound", "status": "Answered",
    },
    "trackdrive": {
        "uuid": "td-1", "created_at": "2026-11-20T09:30:05.495-05:00",
        "caller_number": "+16175550123", "connected_to": "+18005550199",
        "number_called": "+18005550188", "total_duration": "201", "answered_duration": "187",
        "status": "finished",
    },
    "twilio titled": {
        "Account SID": "AC1", "Call SID": "CA1", "Parent Call SID": "", "From": "+16175550123",
        "To": "+18005550188", "Status": "no-answer", "Direction": "inbound",
        "Start Time": "Fri, 20 Nov 2026 14:30:05 +0000", "Duration": "201",
    },
    "asterisk freepbx": {
        "calldate": "2026-11-20 09:30:05", "clid": '"Jane" <6175550123>', "src": "6175550123",
        "dst": "101", "dcontext": "ext-local", "lastapp": "Dial", "duration": "201",
        "billsec": "187", "disposition": "ANSWERED", "uniqueid": "1795181405.12",
        "did": "8005550188", "cnum": "6175550123", "outbound_cnum": "",
    },
    "freeswitch": {
        "uuid": "a5c9f6c0-1", "caller_id_number": "6175550123", "last_app": "bridge",
        "destination_number": "8005550188", "direction": "inbound", "context": "public",
        "start_stamp": "2026-11-20 09:30:05", "duration": "201", "billsec": "187",
        "hangup_cause": "NORMAL_CLEARING",
    },
    "aircall": {
        "datetime (tz offset incl.)": "2026-11-20 09:30:05", "number timezone": "America/New_York",
        "direction": "inbound", "from": "16175550123", "to": "18005550188", "answered": "Yes",
        "missed_call_reason": "", "duration (total)": "201", "duration (in call)": "187",
        "call id": "CA1", "call id (internal)": "3331", "call type": "Answered",
        "customer number": "+16175550123",
    },
    "ringcentral": {
        "Type": "Voice", "CallId": "Qx1", "SessionId": "409", "Leg": "Leg-master",
        "Direction": "Incoming", "From": "(617) 555-0123", "To": "(800) 555-0188",
        "Date": "Fri 11/20/2026", "Time": "9:30:05 AM", "Action": "Phone Call",
        "Action Result": "Accepted", "Result Description": "", "Duration": "00:03:21",
    },
    "ringcentral simple": {
        "Direction": "Incoming", "Type": "Voice", "Phone Number": "(617) 555-0123",
        "Date": "Fri 11/20/2026", "Time": "9:30 AM", "Action": "Phone Call",
        "Action Result": "Accepted", "Result Description": "", "Duration": "0:03:21",
    },
    "3cx": {
        "Call Time": "2026-11-20T09:30:05", "Call ID": "0000019A-1", "From": "6175550123",
        "To": "Sales (800)", "Direction": "Inbound", "Status": "Answered", "Ringing": "00:00:14",
        "Talking": "00:03:07", "Cost": "0.00",
    },
    "talkdesk": {
        "Interaction ID": "6000bb", "Call Type": "Inbound", "Start Time": "11/20/2026 9:30:05",
        "End Time": "11/20/2026 9:33:26", "Talkdesk Phone Number": "+18005550188",
        "Customer Phone Number": "+16175550123", "Talk Time": "00:03:07",
    },
    "dialpad": {
        "date_started": "2026-11-20 09:30:05.388365", "call_id": "6529997769220001",
        "direction": "inbound", "external_number": "16175550123",
        "internal_number": "18005550188", "date_rang": "2026-11-20 09:30:06",
        "date_connected": "2026-11-20 09:30:19", "date_ended": "2026-11-20 09:33:26",
        "disposition": "Billing~Refund", "timezone": "America/New_York",
    },
    "dialogtech": {
        "date_added": "2026-11-20 09:30:05", "call_type": "inbound", "dnis": "8005550188",
        "ani": "6175550123", "sid": "DT-1", "switch_minutes": "0.3", "network_minutes": "3.1",
        "transfer_to_number": "8005550199", "call_transfer_status": "answered",
    },
    "asterisk": {
        "src": "6175550123", "dst": "8005550199", "clid": '"Jane" <6175550123>',
        "lastapp": "Dial", "start": "2026-11-20 09:30:05", "duration": "201", "billsec": "187",
        "disposition": "ANSWERED", "uniqueid": "1795181405.12",
    },
}  # fmt: skip
SETTINGS = {
    "callrail": {"talk_time": "call_if_answered"},
    "callrail list": {
        "talk_time": "call_if_answered",
        "timezone": "America/New_York",
        "session_id_from": ["Recording Url"],
    },
    "ringba labels": {"timezone": "America/New_York"},
    "twilio": {"talk_time": "call_if_answered"},
    "twilio titled": {"talk_time": "call_if_answered"},
    "asterisk freepbx": {"timezone": "America/New_York"},
    "freeswitch": {"timezone": "America/New_York"},
    "3cx": {
        "timezone": "America/New_York",
        "constants": {**IDS, "CalledPhoneNumber": "8005550188"},
    },
    "talkdesk": {"timezone": "America/New_York", "date_order": "month-first"},
    "dialpad": {"timezone": "America/New_York"},
    "ringcentral": {"timezone": "America/New_York", "talk_time": "call_if_answered"},
    "ringcentral simple": {
        "timezone": "America/New_York",
        "talk_time": "call_if_answered",
        "session_id_from": ["Phone Number", "Date", "Time"],
        "constants": {**IDS, "CalledPhoneNumber": "8005550188"},
    },
    "calltrackingmetrics no talk": {"talk_time": "call_if_answered"},
    "dialogtech": {"timezone": "America/New_York", "columns": {"TalkDuration": "network_minutes"}},
    "asterisk": {"timezone": "America/New_York"},
}
VOICEMAIL = "voicemail_not_answered"

# What the mapping tables say of columns: (vendor, cells, cells that come out).
MAPPED = {
    # Invoca
    "Invoca: start_time_utc is preferred, in milliseconds": ("invoca", {}, {"EventDate": "2026-11-20T14:30:05+00:00"}),
    "Invoca: else start_time_local": ("invoca", {"start_time_utc": ""}, {"EventDate": "2026-11-20T09:30:05-05:00"}),
    "Invoca: else XML": ("invoca", {"start_time_utc": None, "start_time_local": None, "start_time_xml": "2026-11-20T09:30:05-05:00"}, {"EventDate": "2026-11-20T09:30:05-05:00"}),
    "Invoca: ids": ("invoca", {}, {"CallSessionId": "00F7-1", "VendorEventId": "TX-1"}),
    "Invoca: phones, an extension dropped": ("invoca", {"destination_phone_number": "800-555-0199,5"}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550199"}),
    "Invoca: durations": ("invoca", {}, {"CallDuration": "201", "TalkDuration": "187", "IvrDuration": "14"}),
    "Invoca: mobile, city, region, verified_zip": ("invoca", {"mobile": "Mobile", "city": "Boston", "region": "MA", "verified_zip": "02139"}, {"PhoneType": "Mobile", "City": "Boston", "Region": "MA", "Zip": "02139"}),
    "Invoca: repeat and opt-in": ("invoca", {"repeat_calling_phone_number": "true", "opt_in_SMS": "1"}, {"RepeatCaller": "Repeat", "OptInSms": "true"}),
    "Invoca: keypresses and keys": ("invoca", {"keypresses": "1, 2", "keypress_1": "Sales", "keypress_2": "New"}, {"Keypresses": "1,2", "Key1": "Sales", "Key2": "New"}),
    "Invoca: recording": ("invoca", {"recording": "https://rec.example.com/a%2fb"}, {"CallRecording": "https://rec.example.com/a%2fb"}),
    "Invoca: source and promo line": ("invoca", {"call_source_description": "Google", "promo_line_description": "Spring"}, {"TrafficSource": "Google", "PromoNumberDescription": "Spring"}),
    "Invoca: sale, reason, signal": ("invoca", {"sale_amount": "$12.50", "reason_code": "4711", "signal_name": "Sale"}, {"SaleAmount": "12.50", "ReferenceId": "4711", "DispositionName": "Sale"}),
    # CallRail
    "CallRail: id, start_time with its offset": ("callrail", {}, {"CallSessionId": "CAL8154a", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "CallRail list: Start Time in the account's zone": ("callrail list", {}, {"EventDate": "2026-11-20T09:30:00-05:00"}),
    "CallRail: phones": ("callrail", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550199"}),
    "CallRail list: the tracking number stands in": ("callrail list", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
    "CallRail: durations by rule": ("callrail", {}, {"CallDuration": "201", "TalkDuration": "201"}),
    "CallRail: first_call is inverted": ("callrail", {"first_call": "true"}, {"RepeatCaller": "New"}),
    "CallRail: not the first call": ("callrail", {"first_call": "false"}, {"RepeatCaller": "Repeat"}),
    "CallRail list: First-Time Caller": ("callrail list", {"First-Time Caller": "yes"}, {"RepeatCaller": "New"}),
    "CallRail: recording and place": ("callrail", {"recording": "https://rec.example.com/1", "customer_city": "Boston", "customer_state": "MA", "customer_country": "US", "zip_code": "02139"}, {"CallRecording": "https://rec.example.com/1", "City": "Boston", "Region": "MA", "Country": "US", "Zip": "02139"}),
    "CallRail list: place and recording": ("callrail list", {"City": "Boston", "State": "MA"}, {"City": "Boston", "Region": "MA", "CallRecording": "https://rec.example.com/1"}),
    "CallRail: source": ("callrail", {"source": "Google Ads", "formatted_tracking_source": "Spring"}, {"TrafficSource": "Google Ads", "PromoNumberDescription": "Spring"}),
    "CallRail list: source": ("callrail list", {}, {"TrafficSource": "Google Ads", "PromoNumberDescription": "Spring flyer"}),
    "CallRail: value only on request": ("callrail", {"value": "12.50"}, {"SaleAmount": ""}),
    "CallRail: keypad entries": ("callrail", {"keypad_entries": '["1","2"]'}, {"Keypresses": "1,2"}),
    # Ringba
    "Ringba: the id, case kept": ("ringba", {"inboundCallId": "RGBaBc"}, {"CallSessionId": "RGBaBc"}),
    "Ringba: callDt in milliseconds": ("ringba", {}, {"EventDate": "2026-11-20T14:30:05+00:00"}),
    "Ringba labels: Call Date in the zone that was asked for": ("ringba labels", {}, {"EventDate": "2026-11-20T09:30:05-05:00"}),
    "Ringba: phones": ("ringba", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550199"}),
    "Ringba: without a target the dialled number stands in": ("ringba", {"targetNumber": "-no value-"}, {"CalledPhoneNumber": "8005550188"}),
    "Ringba: durations": ("ringba", {}, {"CallDuration": "201", "TalkDuration": "187"}),
    "Ringba labels: clock durations": ("ringba labels", {}, {"CallDuration": "201", "TalkDuration": "187"}),
    "Ringba: an earlier connection is a repeat": ("ringba", {"hasPreviouslyConnected": "True"}, {"RepeatCaller": "Repeat"}),
    "Ringba: recording is not decoded": ("ringba", {"recordingUrl": "https://rec.example.com/a%2fb%3d"}, {"CallRecording": "https://rec.example.com/a%2fb%3d"}),
    "Ringba: publisher and pool": ("ringba", {"publisherName": "Acme", "numberPoolName": "Pool"}, {"TrafficSource": "Acme", "PromoNumberDescription": "Pool"}),
    "Ringba labels: Number is the number that was dialled": ("ringba labels", {"Target Number": "-no value-", "Dialed #": None, "Number": "+18005550177"}, {"CalledPhoneNumber": "8005550177"}),
    "Ringba: the older end point's time and length": ("ringba", {"callDt": None, "dtStamp": "1795185005000", "connectedCallLengthInSeconds": None, "callConnectionLength": "187"}, {"EventDate": "2026-11-20T14:30:05+00:00", "TalkDuration": "187"}),
    "Ringba: revenue only on request": ("ringba", {"conversionAmount": "25.00"}, {"SaleAmount": ""}),
    # CallTrackingMetrics
    "CTM: sid": ("calltrackingmetrics", {}, {"CallSessionId": "CL9001"}),
    "CTM: else id, as text": ("calltrackingmetrics", {"sid": ""}, {"CallSessionId": "9001"}),
    "CTM: unix_time in seconds": ("calltrackingmetrics", {}, {"EventDate": "2026-11-20T14:30:05+00:00"}),
    "CTM: phones": ("calltrackingmetrics", {"tracking_label": "Spring"}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550199", "PromoNumberDescription": "Spring"}),
    "CTM: durations": ("calltrackingmetrics", {}, {"CallDuration": "201", "TalkDuration": "187"}),
    "CTM: is_new_caller is inverted": ("calltrackingmetrics", {"is_new_caller": "true"}, {"RepeatCaller": "New"}),
    "CTM: place, source, audio": ("calltrackingmetrics", {"city": "Boston", "state": "MA", "postal_code": "02139", "country": "US", "source": "Google", "audio": "https://rec.example.com/1"}, {"City": "Boston", "Region": "MA", "Zip": "02139", "Country": "US", "TrafficSource": "Google", "CallRecording": "https://rec.example.com/1"}),
    "CTM: menu inputs and first keys": ("calltrackingmetrics", {"inputs.menu_inputs": '["1","2"]'}, {"Keypresses": "1,2", "Key1": "1", "Key2": "2"}),
    "CTM: no talk time, and the job says what stands in": ("calltrackingmetrics no talk", {}, {"CallDuration": "201", "TalkDuration": "201"}),
    "CTM: called_at stands in, where there is no unix_time": ("calltrackingmetrics", {"unix_time": "", "called_at": "2026-11-20 09:30:05 -05:00"}, {"EventDate": "2026-11-20T09:30:05-05:00"}),
    # Retreaver
    "Retreaver: id and time": ("retreaver", {}, {"CallSessionId": "9f1c-1", "EventDate": "2026-11-20T14:30:05+00:00"}),
    "Retreaver: phones": ("retreaver", {"number.name": "Spring"}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550199", "PromoNumberDescription": "Spring"}),
    "Retreaver: durations": ("retreaver", {}, {"CallDuration": "201", "TalkDuration": "187", "IvrDuration": "7"}),
    "Retreaver: place": ("retreaver", {"caller_city": "COLORADO SPRINGS", "caller_state": "CO", "caller_zip": "80903", "caller_country": "US"}, {"City": "COLORADO SPRINGS", "Region": "CO", "Zip": "80903", "Country": "US"}),
    "Retreaver: repeat, keys, recording, affiliate": ("retreaver", {"repeat": "true", "keys_pressed": '["1"]', "recording_url": "https://rec.example.com/1", "affiliate_name": "Acme"}, {"RepeatCaller": "Repeat", "Keypresses": "1", "Key1": "1", "CallRecording": "https://rec.example.com/1", "TrafficSource": "Acme"}),
    "Retreaver: sid is no session and goes only on request": ("retreaver", {"sid": "sub-7"}, {"CallSessionId": "9f1c-1", "SubId1": ""}),
    # Twilio
    "Twilio: id and time": ("twilio", {}, {"CallSessionId": "CA1", "EventDate": "2026-11-20T14:30:05+00:00"}),
    "Twilio: phones": ("twilio", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
    "Twilio: inbound by a trunk, from a SIP address": ("twilio", {"direction": "trunking-originating", "from": "sip:+16175550123@pbx.example.com"}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
    "Twilio: no seconds of a call that was never taken": ("twilio", {"duration": "", "status": "busy"}, {"CallDuration": "0", "TalkDuration": "0"}),
    # DialogTech
    "DialogTech: id and time": ("dialogtech", {}, {"CallSessionId": "DT-1", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "DialogTech: phones": ("dialogtech", {"phone_label": "Spring"}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550199", "PromoNumberDescription": "Spring"}),
    "DialogTech: else dnis": ("dialogtech", {"transfer_to_number": ""}, {"CalledPhoneNumber": "8005550188"}),
    "DialogTech: minutes added up": ("dialogtech", {}, {"CallDuration": "204", "TalkDuration": "186"}),
    "DialogTech: place": ("dialogtech", {"city": "Boston", "state": "MA", "zipcode": "02139"}, {"City": "Boston", "Region": "MA", "Zip": "02139"}),
    # TrackDrive
    "TrackDrive: id and time": ("trackdrive", {}, {"CallSessionId": "td-1", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "TrackDrive: phones": ("trackdrive", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550199"}),
    "TrackDrive: else the number called": ("trackdrive", {"connected_to": ""}, {"CalledPhoneNumber": "8005550188"}),
    "TrackDrive: durations": ("trackdrive", {"ivr_duration": "7"}, {"CallDuration": "201", "TalkDuration": "187", "IvrDuration": "7"}),
    "TrackDrive: the rest": ("trackdrive", {"traffic_source_repeat_caller": "true", "recording_url": "https://rec.example.com/1", "caller_city": "Boston", "caller_country": "US", "traffic_source": "Acme", "disposition_name": "Sale", "disposition_key": "7"}, {"RepeatCaller": "Repeat", "CallRecording": "https://rec.example.com/1", "City": "Boston", "Country": "US", "TrafficSource": "Acme", "DispositionName": "Sale", "ReferenceId": "7"}),
    "TrackDrive: sub id and revenue only on request": ("trackdrive", {"sub_id": "s", "revenue": "9.00"}, {"SubId1": "", "SaleAmount": ""}),
    # Asterisk
    "Asterisk: id and time": ("asterisk", {}, {"CallSessionId": "1795181405.12", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "Asterisk: else linkedid": ("asterisk", {"uniqueid": None, "linkedid": "1795181405.1"}, {"CallSessionId": "1795181405.1"}),
    "Asterisk: phones": ("asterisk", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550199"}),
    "Asterisk: else the number within clid": ("asterisk", {"src": ""}, {"CallerId": "6175550123"}),
    "Asterisk: durations": ("asterisk", {}, {"CallDuration": "201", "TalkDuration": "187"}),
    "Asterisk: calldate of SQL back ends": ("asterisk", {"start": None, "calldate": "2026-11-20 09:30:05"}, {"EventDate": "2026-11-20T09:30:05-05:00"}),
    "FreePBX: did is the number that was dialed": ("asterisk freepbx", {}, {"CalledPhoneNumber": "8005550188", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "FreePBX: else dst": ("asterisk freepbx", {"did": "", "dst": "8005550199"}, {"CalledPhoneNumber": "8005550199"}),
    "FreePBX: a call that was forwarded inside goes all the same": ("asterisk freepbx", {"dcontext": "from-internal"}, {"CalledPhoneNumber": "8005550188"}),
    "FreePBX: the seconds of a mailbox are no talk": ("asterisk freepbx", {"lastapp": "VoiceMail"}, {"CallDuration": "201", "TalkDuration": "0"}),
    "FreePBX: the seconds of a menu are no talk": ("asterisk freepbx", {"lastapp": "BackGround"}, {"TalkDuration": "0"}),
    # FreeSWITCH
    "FreeSWITCH: id and time": ("freeswitch", {}, {"CallSessionId": "a5c9f6c0-1", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "FreeSWITCH: phones": ("freeswitch", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
    "FreeSWITCH: durations": ("freeswitch", {}, {"CallDuration": "201", "TalkDuration": "187"}),
    "FreeSWITCH: the seconds of a mailbox are no talk": ("freeswitch", {"last_app": "voicemail"}, {"TalkDuration": "0"}),
    "FreeSWITCH: the seconds of a menu are no talk": ("freeswitch", {"last_app": "ivr"}, {"TalkDuration": "0"}),
    # Aircall
    "Aircall: id, and the time in the row's own zone": ("aircall", {}, {"CallSessionId": "CA1", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "Aircall: another zone": ("aircall", {"number timezone": "America/Los_Angeles"}, {"EventDate": "2026-11-20T09:30:05-08:00"}),
    "Aircall: else the internal id": ("aircall", {"call id": ""}, {"CallSessionId": "3331"}),
    "Aircall: phones, the caller's with its +": ("aircall", {"from": "442079460123", "customer number": "+442079460123"}, {"CallerId": "2079460123", "CallerPhoneNumberCountry": "GB", "CalledPhoneNumber": "8005550188"}),
    "Aircall: else the digits of from": ("aircall", {"customer number": None}, {"CallerId": "6175550123"}),
    "Aircall: durations": ("aircall", {"time in ivr": "00:00:07"}, {"CallDuration": "201", "TalkDuration": "187", "IvrDuration": "7"}),
    "Aircall: no talk in a call that nobody took": ("aircall", {"answered": "No", "call type": "Missed", "duration (in call)": ""}, {"TalkDuration": "0"}),
    "Aircall: recording and line": ("aircall", {"recording": "https://rec.example.com/1", "line": "Spring"}, {"CallRecording": "https://rec.example.com/1", "PromoNumberDescription": "Spring"}),
    "Aircall: country_code is the line's": ("aircall", {"country_code": "FR"}, {"CallerPhoneNumberCountry": "", "Country": ""}),
    # RingCentral
    "RingCentral: id, date and time": ("ringcentral", {}, {"CallSessionId": "Qx1", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "RingCentral: else the session": ("ringcentral", {"CallId": ""}, {"CallSessionId": "409"}),
    "RingCentral: phones": ("ringcentral", {"Forwarded To": "(312) 555-0177"}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
    "RingCentral: durations by rule": ("ringcentral", {}, {"CallDuration": "201", "TalkDuration": "201"}),
    "RingCentral: the weekday tells two readings of a date apart": ("ringcentral", {"Date": "Thu 11/12/2026"}, {"EventDate": "2026-11-12T09:30:05-05:00"}),
    "RingCentral simple: time and phones": ("ringcentral simple", {}, {"EventDate": "2026-11-20T09:30:00-05:00", "CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
    "RingCentral simple: durations by rule": ("ringcentral simple", {"Action Result": "Missed"}, {"CallDuration": "201", "TalkDuration": "0"}),
    # 3CX
    "3CX: id and time": ("3cx", {}, {"CallSessionId": "0000019A-1", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "3CX: the caller; the number that was dialed is the job's": ("3cx", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
    "3CX: ringing and talking are the call": ("3cx", {}, {"CallDuration": "201", "TalkDuration": "187"}),
    "3CX: the seconds of a mailbox are no talk": ("3cx", {"To": "Voicemail of Sales (800)"}, {"CallDuration": "201", "TalkDuration": "0"}),
    # Talkdesk
    "Talkdesk: id and time": ("talkdesk", {}, {"CallSessionId": "6000bb", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "Talkdesk: phones": ("talkdesk", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
    "Talkdesk: the call is from its start to its end": ("talkdesk", {}, {"CallDuration": "201", "TalkDuration": "187"}),
    "Talkdesk: recording, and the agents' label only on request": ("talkdesk", {"Record": "https://rec.example.com/1", "Disposition Code": "Sale"}, {"CallRecording": "https://rec.example.com/1", "DispositionName": ""}),
    # Dialpad
    "Dialpad: id, and the time in the row's own zone": ("dialpad", {}, {"CallSessionId": "6529997769220001", "EventDate": "2026-11-20T09:30:05-05:00"}),
    "Dialpad: another zone": ("dialpad", {"timezone": "America/Los_Angeles"}, {"EventDate": "2026-11-20T09:30:05-08:00"}),
    "Dialpad: phones": ("dialpad", {"external_number": "+442079460123"}, {"CallerId": "2079460123", "CallerPhoneNumberCountry": "GB", "CalledPhoneNumber": "8005550188"}),
    "Dialpad: durations are differences of moments": ("dialpad", {}, {"CallDuration": "201", "TalkDuration": "187"}),
    "Dialpad: no talk in a call that was never connected": ("dialpad", {"date_connected": ""}, {"CallDuration": "201", "TalkDuration": "0"}),
    "Dialpad: less than a second below zero is nothing": ("dialpad", {"date_connected": "", "date_ended": "2026-11-20 09:30:05"}, {"CallDuration": "0"}),
    "Dialpad: recording, and the agents' label only on request": ("dialpad", {"recording_url": "https://rec.example.com/1"}, {"CallRecording": "https://rec.example.com/1", "DispositionName": ""}),
    # Twilio under titled names
    "Twilio titled: id and time": ("twilio titled", {}, {"CallSessionId": "CA1", "EventDate": "2026-11-20T14:30:05+00:00"}),
    "Twilio titled: phones": ("twilio titled", {}, {"CallerId": "6175550123", "CalledPhoneNumber": "8005550188"}),
}  # fmt: skip

# What the status tables say: (vendor, cells, status, a warning's code or None).
STATUS = {
    "Invoca: the caller hung up after the connection": ("invoca", {}, "ANSWER", None),
    "Invoca: the caller hung up in the menu": ("invoca", {"connect_duration": "0"}, "IVR_DROPOFF", None),
    "Invoca: the caller hung up before anything": ("invoca", {"connect_duration": "0", "ivr_duration": "0"}, "CANCEL", None),
    "Invoca: the destination hung up": ("invoca", {"hangup_cause": "Destination: Hang-up"}, "ANSWER", None),
    "Invoca: the menu hung up": ("invoca", {"hangup_cause": "IVR: Hang-up", "connect_duration": "0"}, "NO_TRANSFER_ATTEMPT", None),
    "Invoca: the longest call": ("invoca", {"hangup_cause": "Invoca: Max Call Duration"}, "ANSWER", None),
    "Invoca: busy": ("invoca", {"hangup_cause": "Destination: Busy", "connect_duration": "0"}, "INCOMPLETE", None),
    "Invoca: no answer": ("invoca", {"hangup_cause": "Destination: No Answer", "connect_duration": "0"}, "INCOMPLETE", None),
    "Invoca: not in service": ("invoca", {"hangup_cause": "Destination: Number Not in Service", "connect_duration": "0"}, "FAILURE", None),
    "Invoca: fast busy": ("invoca", {"hangup_cause": "Destination: Error (503 or Fast Busy)", "connect_duration": "0"}, "CONGESTION", None),
    "CallRail: answered": ("callrail", {}, "ANSWER", None),
    "CallRail list: answered": ("callrail list", {}, "ANSWER", None),
    "CallRail: voicemail": ("callrail", {"answered": "false", "voicemail": "true"}, "INCOMPLETE", VOICEMAIL),
    "CallRail list: voicemail": ("callrail list", {"Call Status": "Left Voicemail"}, "INCOMPLETE", VOICEMAIL),
    "CallRail: neither": ("callrail", {"answered": "false"}, "INCOMPLETE", None),
    "CallRail list: abandoned": ("callrail list", {"Call Status": "Abandoned Call"}, "CANCEL", None),
    "Ringba: connected": ("ringba", {}, "ANSWER", None),
    "Ringba labels: connected": ("ringba labels", {}, "ANSWER", None),
    "Ringba: blocked": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "0", "wasBlocked": "true"}, "FAILURE", None),
    "Ringba: voicemail": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "0", "hasVoiceMail": "true"}, "INCOMPLETE", VOICEMAIL),
    "Ringba: a target was dialled in vain": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "0", "timeToCallInSeconds": "4"}, "INCOMPLETE", None),
    "Ringba labels: a target was dialled in vain, in a clock's form": ("ringba labels", {"Connected": "No", "Connected Call Length": "", "Time to Call": "00:00:04"}, "INCOMPLETE", None),
    "Ringba labels: incomplete": ("ringba labels", {"Connected": "No", "Connected Call Length": "00:00:00", "Incomplete": "Yes"}, "INCOMPLETE", None),
    "Ringba: incomplete": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "0", "isIncomplete": "true"}, "INCOMPLETE", None),
    "Ringba: hung up in the menu": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "", "endCallSource": "Caller", "targetNumber": "", "ivrDepth": "2"}, "IVR_DROPOFF", None),
    "Ringba: hung up before the menu": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "", "endCallSource": "Caller", "targetNumber": "", "ivrDepth": "0"}, "NO_TRANSFER_ATTEMPT", None),
    "Ringba: a duplicate is a matter of billing": ("ringba", {"isDuplicate": "true"}, "ANSWER", None),
    "CTM: answered": ("calltrackingmetrics", {}, "ANSWER", None),
    "CTM: completed": ("calltrackingmetrics", {"status": "Completed", "talk_time": "0"}, "NO_TRANSFER_ATTEMPT", None),
    "CTM: hang-up in the menu": ("calltrackingmetrics", {"status": "Hangup", "talk_time": "0", "inputs.menu_inputs": '["1"]'}, "IVR_DROPOFF", None),
    "CTM: hang-up elsewhere": ("calltrackingmetrics", {"status": "Hangup", "talk_time": "0", "inputs.menu_inputs": "[]"}, "CANCEL", None),
    "CTM: busy": ("calltrackingmetrics", {"status": "Busy", "talk_time": "0"}, "INCOMPLETE", None),
    "CTM: no answer": ("calltrackingmetrics", {"status": "no-answer", "talk_time": "0"}, "INCOMPLETE", None),
    "CTM: the API's answered": ("calltrackingmetrics", {"status": "answered"}, "ANSWER", None),
    "CTM: the API's completed": ("calltrackingmetrics", {"status": "completed", "talk_time": "0"}, "NO_TRANSFER_ATTEMPT", None),
    "CTM: the API's busy": ("calltrackingmetrics", {"status": "busy", "talk_time": "0"}, "INCOMPLETE", None),
    "CTM: No answer": ("calltrackingmetrics", {"status": "No answer", "talk_time": "0"}, "INCOMPLETE", None),
    "CTM: failed": ("calltrackingmetrics", {"status": "Failed", "talk_time": "0"}, "FAILURE", None),
    "Retreaver: connected": ("retreaver", {}, "ANSWER", None),
    "Retreaver: left in the menu": ("retreaver", {"connected": "false", "hold_duration": "0", "dialed_call_duration": ""}, "IVR_DROPOFF", None),
    "Retreaver: gave up waiting": ("retreaver", {"connected": "false", "dialed_call_duration": ""}, "CANCEL", None),
    "Retreaver: never connected": ("retreaver", {"connected": "false", "hung_up_by": "target", "dialed_call_duration": ""}, "INCOMPLETE", None),
    "Twilio: busy": ("twilio", {"status": "busy"}, "INCOMPLETE", None),
    "Twilio: no answer": ("twilio", {"status": "no-answer"}, "INCOMPLETE", None),
    "Twilio: failed": ("twilio", {"status": "failed"}, "FAILURE", None),
    "Twilio: canceled": ("twilio", {"status": "canceled"}, "CANCEL", None),
    "Twilio: completed without a leg only heard a menu": ("twilio", {"status": "completed"}, "IVR_DROPOFF", "weak_source"),
    "Asterisk: answered": ("asterisk", {}, "ANSWER", None),
    "Asterisk: a mailbox answered": ("asterisk", {"lastapp": "VoiceMail"}, "ANSWER", "weak_source"),
    "Asterisk: a menu answered": ("asterisk", {"lastapp": "BackGround"}, "ANSWER", "weak_source"),
    "Asterisk: a recording answered": ("asterisk", {"lastapp": "Playback"}, "ANSWER", "weak_source"),
    "Asterisk: no answer": ("asterisk", {"disposition": "NO ANSWER", "billsec": "0"}, "INCOMPLETE", None),
    "Asterisk: busy": ("asterisk", {"disposition": "BUSY", "billsec": "0"}, "INCOMPLETE", None),
    "Asterisk: failed": ("asterisk", {"disposition": "FAILED", "billsec": "0"}, "FAILURE", None),
    "Asterisk: congestion": ("asterisk", {"disposition": "CONGESTION", "billsec": "0"}, "CONGESTION", None),
    "FreePBX: answered": ("asterisk freepbx", {}, "ANSWER", None),
    "FreePBX: a mailbox": ("asterisk freepbx", {"lastapp": "VoiceMail"}, "INCOMPLETE", VOICEMAIL),
    "FreePBX: a menu": ("asterisk freepbx", {"lastapp": "BackGround"}, "IVR_DROPOFF", None),
    "FreePBX: an announcement": ("asterisk freepbx", {"lastapp": "Playback"}, "ANSWER", "weak_source"),
    "FreePBX: no answer in front of a menu": ("asterisk freepbx", {"lastapp": "BackGround", "disposition": "NO ANSWER", "billsec": "0"}, "INCOMPLETE", None),
    "FreeSWITCH: cleared after talk": ("freeswitch", {}, "ANSWER", None),
    "FreeSWITCH: cleared without talk": ("freeswitch", {"billsec": "0"}, "INCOMPLETE", None),
    "FreeSWITCH: a mailbox": ("freeswitch", {"last_app": "voicemail"}, "INCOMPLETE", VOICEMAIL),
    "FusionPBX: a mailbox, by its own status": ("freeswitch", {"status": "voicemail"}, "INCOMPLETE", VOICEMAIL),
    "FreeSWITCH: a menu": ("freeswitch", {"last_app": "ivr"}, "IVR_DROPOFF", None),
    "FreeSWITCH: a recording answered": ("freeswitch", {"last_app": "playback"}, "ANSWER", "weak_source"),
    **{
        f"FreeSWITCH: {cause}": ("freeswitch", {"hangup_cause": cause, "billsec": "0"}, status, None)
        for status, causes in (
            ("INCOMPLETE", "NO_ANSWER USER_BUSY NO_USER_RESPONSE CALL_REJECTED"),
            ("CANCEL", "ORIGINATOR_CANCEL"),
            ("FAILURE", "UNALLOCATED_NUMBER NORMAL_TEMPORARY_FAILURE NETWORK_OUT_OF_ORDER"),
            ("CONGESTION", "NORMAL_CIRCUIT_CONGESTION SWITCH_CONGESTION"),
        )
        for cause in causes.split()
    },
    "Aircall: answered": ("aircall", {}, "ANSWER", None),
    "Aircall: missed": ("aircall", {"answered": "No", "call type": "Missed", "missed_call_reason": "agents_did_not_answer", "duration (in call)": ""}, "INCOMPLETE", None),
    "Aircall: nobody was free": ("aircall", {"answered": "No", "call type": "Missed", "missed_call_reason": "no_available_agent", "duration (in call)": ""}, "INCOMPLETE", None),
    "Aircall: voicemail": ("aircall", {"answered": "No", "call type": "Voicemail", "missed_call_reason": "no_available_agent", "duration (in call)": ""}, "INCOMPLETE", VOICEMAIL),
    "Aircall: left in the menu": ("aircall", {"answered": "No", "call type": "Abandoned in IVR", "missed_call_reason": "abandoned_in_ivr", "duration (in call)": ""}, "IVR_DROPOFF", None),
    "Aircall: left in the menu, by the reason alone": ("aircall", {"answered": "No", "call type": "Abandoned", "missed_call_reason": "abandoned_in_ivr", "duration (in call)": ""}, "IVR_DROPOFF", None),
    "Aircall: gave up soon": ("aircall", {"answered": "No", "call type": "Abandoned", "missed_call_reason": "short_abandoned", "duration (in call)": ""}, "CANCEL", None),
    "Aircall: gave up": ("aircall", {"answered": "No", "call type": "Abandoned", "missed_call_reason": "abandoned_in_classic", "duration (in call)": ""}, "CANCEL", None),
    "Aircall: out of business hours": ("aircall", {"answered": "No", "call type": "Out of business hours", "missed_call_reason": "out_of_opening_hours", "duration (in call)": ""}, "NO_TRANSFER_ATTEMPT", None),
    **{
        f"RingCentral: {word}": (vendor, {"Action Result": word}, status, warning)
        for vendor, word, status, warning in (
            ("ringcentral", "Accepted", "ANSWER", None),
            ("ringcentral simple", "Call connected", "ANSWER", None),
            ("ringcentral", "Missed", "INCOMPLETE", None),
            ("ringcentral simple", "No Answer", "INCOMPLETE", None),
            ("ringcentral", "Busy", "INCOMPLETE", None),
            ("ringcentral", "Voicemail", "INCOMPLETE", VOICEMAIL),
            ("ringcentral simple", "Hang Up", "CANCEL", None),
            ("ringcentral", "Abandoned", "CANCEL", None),
        )
    },
    "3CX: answered": ("3cx", {}, "ANSWER", None),
    "3CX: unanswered": ("3cx", {"Status": "Unanswered", "Talking": "00:00:00"}, "INCOMPLETE", None),
    "3CX: a mailbox answered": ("3cx", {"To": "Voicemail of Sales (800)"}, "INCOMPLETE", VOICEMAIL),
    "3CX: a mailbox of an extension": ("3cx", {"To": "VoiceMail (101)"}, "INCOMPLETE", VOICEMAIL),
    "Dialpad: connected": ("dialpad", {}, "ANSWER", None),
    "Dialpad: never connected": ("dialpad", {"date_connected": ""}, "INCOMPLETE", None),
    "Dialpad: a label of agents is no outcome": ("dialpad", {"disposition": "Missed"}, "ANSWER", None),
    **{
        f"Talkdesk: {word}": ("talkdesk", {"Call Type": word, "Talk Time": talk}, status, warning)
        for word, talk, status, warning in (
            ("Inbound", "00:03:07", "ANSWER", None),
            ("inbound", "00:03:07", "ANSWER", None),
            ("Missed", "00:00:00", "INCOMPLETE", None),
            ("Voicemail", "00:00:00", "INCOMPLETE", VOICEMAIL),
            ("Abandoned", "00:00:00", "CANCEL", None),
            ("Short Abandoned", "00:00:00", "CANCEL", None),
            ("short_abandoned", "00:00:00", "CANCEL", None),
        )
    },
    "TrackDrive: finished with an answer": ("trackdrive", {}, "ANSWER", None),
    "TrackDrive: forwarded with an answer": ("trackdrive", {"status": "forwarded"}, "ANSWER", None),
    "TrackDrive: finished without": ("trackdrive", {"answered_duration": "0"}, "INCOMPLETE", None),
    **{
        f"TrackDrive: {word}": ("trackdrive", {"status": word, "answered_duration": "0"}, status, warning)
        for status, warning, words in (
            ("IVR_DROPOFF", None, "ivr-hung-up ivr-no-keypress rejected-ivr-hang-up"),
            ("CANCEL", None, "caller-hung-up caller-hung-up-while-ringing-buyer hold-queue-hung-up canceled cancelled"),
            ("INCOMPLETE", None, "busy no-answer no-answer-convert-on-attempt"),
            ("INCOMPLETE", VOICEMAIL, "left-voicemail voicemail voicemail-detected"),
            ("FAILURE", None, "failed invalid-number no-route-to-destination"),
            ("NO_TRANSFER_ATTEMPT", None, "no-buyer no-buyer-all-filtered no-buyer-prevent-dupes hold-queue-no-buyer hold-queue-waited-too-long not-open blocked opt-out rejected rejected-caller-concurrency-exceeded rejected-no-concurrency-cap-available rejected-traffic-source-capped-hang-up"),
        )
        for word in words.split()
    },
}  # fmt: skip

# What does not go: (vendor, cells, left out or rejected, its code).
NOT_SENT = {
    "Invoca: a signal": ("invoca", {"transaction_type": "Signal"}, "left_out", "not_a_call"),
    "Invoca: a post-call event": ("invoca", {"transaction_type": "Post Call Event"}, "left_out", "not_a_call"),
    "Invoca: a reported conversion": ("invoca", {"transaction_type": "Reported Conversion"}, "left_out", "not_a_call"),
    "Invoca: another type": ("invoca", {"transaction_type": "Text"}, "left_out", "not_a_call"),
    "Invoca: the destination ended what never began": ("invoca", {"hangup_cause": "Destination: Hang-up", "connect_duration": "0"}, "rejected", "status_unknown"),
    "Invoca: another cause": ("invoca", {"hangup_cause": "Meteor"}, "rejected", "status_unknown"),
    "CallRail: outbound": ("callrail", {"direction": "outbound"}, "left_out", "outbound"),
    "CallRail list: a status that nobody has seen": ("callrail list", {"Call Status": "Missed Call"}, "rejected", "status_unknown"),
    "Ringba: still live": ("ringba", {"isLive": "true"}, "left_out", "call_in_progress"),
    "Ringba: an error event stands in no column, and the party that ended the call proves none": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "0", "endCallSource": "System"}, "rejected", "status_needed"),
    "Ringba: hung up by the caller, who dialled no target, of a menu nothing is known": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "0", "endCallSource": "Caller", "targetNumber": ""}, "rejected", "status_needed"),
    "Ringba: nothing says why it was not connected": ("ringba", {"hasConnected": "false", "connectedCallLengthInSeconds": "0"}, "rejected", "status_needed"),
    "CTM: in progress": ("calltrackingmetrics", {"status": "In progress"}, "left_out", "call_in_progress"),
    "CTM: ringing": ("calltrackingmetrics", {"status": "ringing"}, "left_out", "call_in_progress"),
    "CTM: outbound": ("calltrackingmetrics", {"direction": "outbound"}, "left_out", "outbound"),
    "CTM: excluded": ("calltrackingmetrics", {"excluded": "true"}, "left_out", "left_out_by_rule"),
    "Retreaver: another status": ("retreaver", {"status": "pending"}, "rejected", "status_unknown"),
    "Twilio: queued": ("twilio", {"status": "queued"}, "left_out", "call_in_progress"),
    "Twilio: ringing": ("twilio", {"status": "ringing"}, "left_out", "call_in_progress"),
    "Twilio: in progress": ("twilio", {"status": "in-progress"}, "left_out", "call_in_progress"),
    "Twilio: outbound": ("twilio", {"direction": "outbound-api"}, "left_out", "outbound"),
    "Twilio: outbound by a trunk": ("twilio", {"direction": "trunking-terminating"}, "left_out", "outbound"),
    "Twilio: no seconds of a call that was taken": ("twilio", {"status": "completed", "duration": ""}, "rejected", "required_missing"),
    "Twilio: a client of the browser is no phone": ("twilio", {"from": "client:bob"}, "rejected", "phone_invalid"),
    "FreePBX: outbound": ("asterisk freepbx", {"src": "101", "dst": "16175550123", "dcontext": "from-internal", "did": "", "outbound_cnum": "8005550188"}, "left_out", "outbound"),
    "FreePBX: outbound in another context of extensions": ("asterisk freepbx", {"src": "101", "dst": "6175550123", "dcontext": "from-internal-xfer", "did": ""}, "left_out", "outbound"),
    "FreePBX: within the PBX": ("asterisk freepbx", {"src": "101", "dst": "102", "dcontext": "from-internal", "did": ""}, "left_out", "not_a_call"),
    "FreePBX: a service of the PBX": ("asterisk freepbx", {"src": "101", "dst": "*97", "dcontext": "from-internal", "did": ""}, "left_out", "not_a_call"),
    "FreePBX: a call from outside without a did is shown, not left out": ("asterisk freepbx", {"did": ""}, "rejected", "phone_invalid"),
    "FreeSWITCH: outbound": ("freeswitch", {"direction": "outbound"}, "left_out", "outbound"),
    "FreeSWITCH: local": ("freeswitch", {"direction": "local"}, "left_out", "not_a_call"),
    "FreeSWITCH: another cause": ("freeswitch", {"hangup_cause": "NORMAL_UNSPECIFIED"}, "rejected", "status_unknown"),
    "FreeSWITCH: an extension is no phone": ("freeswitch", {"destination_number": "5000"}, "rejected", "phone_invalid"),
    "Twilio titled: outbound": ("twilio titled", {"Direction": "outbound-api"}, "left_out", "outbound"),
    "Twilio titled: in progress": ("twilio titled", {"Status": "in-progress"}, "left_out", "call_in_progress"),
    "Aircall: outbound": ("aircall", {"direction": "outbound", "call type": "Outbound"}, "left_out", "outbound"),
    "Aircall: an agent that is no person": ("aircall", {"call type": "AI Call"}, "rejected", "status_unknown"),
    "Aircall: withheld": ("aircall", {"from": "anonymous", "customer number": "anonymous"}, "rejected", "caller_unknown"),
    "RingCentral: outbound": ("ringcentral", {"Direction": "Outgoing"}, "left_out", "outbound"),
    "RingCentral: a leg": ("ringcentral", {"Leg": "Leg-2", "CallId": "", "SessionId": "", "To": ""}, "left_out", "child_leg"),
    "RingCentral: a fax": ("ringcentral", {"Type": "Fax"}, "left_out", "not_a_call"),
    "RingCentral: between extensions": ("ringcentral", {"From": "101", "To": "102"}, "left_out", "not_a_call"),
    "RingCentral: not over": ("ringcentral", {"Action Result": "In Progress"}, "left_out", "call_in_progress"),
    "RingCentral: another result": ("ringcentral", {"Action Result": "IP Phone Offline"}, "rejected", "status_unknown"),
    "RingCentral: withheld": ("ringcentral", {"From": ""}, "rejected", "required_missing"),
    "RingCentral simple: outbound": ("ringcentral simple", {"Direction": "Outgoing"}, "left_out", "outbound"),
    "RingCentral simple: between extensions": ("ringcentral simple", {"Phone Number": "101"}, "left_out", "not_a_call"),
    "3CX: outbound": ("3cx", {"Direction": "Outbound", "From": "Doe, Alex (101)", "To": "16175550123"}, "left_out", "outbound"),
    "3CX: within the PBX": ("3cx", {"Direction": "Internal", "From": "Doe, Alex (101)"}, "left_out", "not_a_call"),
    "3CX: withheld": ("3cx", {"From": "anonymous"}, "rejected", "caller_unknown"),
    "3CX: another status": ("3cx", {"Status": "Redirected"}, "rejected", "status_unknown"),
    "Talkdesk: outbound": ("talkdesk", {"Call Type": "Outbound"}, "left_out", "outbound"),
    "Talkdesk: outbound, and nobody answered": ("talkdesk", {"Call Type": "Outbound Missed"}, "left_out", "outbound"),
    "Talkdesk: outbound in the API's spelling": ("talkdesk", {"Call Type": "outbound_missed"}, "left_out", "outbound"),
    "Talkdesk: another type": ("talkdesk", {"Call Type": "After Hours"}, "rejected", "status_unknown"),
    "Talkdesk: an end before the start": ("talkdesk", {"End Time": "11/20/2026 9:20:00"}, "rejected", "duration_out_of_range"),
    "Dialpad: outbound": ("dialpad", {"direction": "outbound"}, "left_out", "outbound"),
    "Dialpad: within the company": ("dialpad", {"direction": "internal"}, "left_out", "not_a_call"),
    "Dialpad: withheld": ("dialpad", {"external_number": ""}, "rejected", "required_missing"),
    "Dialpad: no end": ("dialpad", {"date_ended": ""}, "rejected", "required_missing"),
    "DialogTech: outbound": ("dialogtech", {"call_type": "outbound"}, "left_out", "outbound"),
    "DialogTech: click-to-call": ("dialogtech", {"call_type": "click-To"}, "left_out", "outbound"),
    "DialogTech: an undocumented status": ("dialogtech", {"call_transfer_status": "XFER-OK"}, "rejected", "status_unknown"),
    "TrackDrive: obfuscated": ("trackdrive", {"caller_number": "", "obfuscated_caller_number": "+1719123XXXX"}, "rejected", "phone_masked"),
    "Asterisk: an extension is no phone": ("asterisk", {"dst": "s"}, "rejected", "phone_invalid"),
    "Asterisk: a short extension": ("asterisk", {"dst": "100"}, "rejected", "phone_invalid"),
    "Asterisk: a service code": ("asterisk", {"dst": "*97"}, "rejected", "phone_invalid"),
    "Asterisk: a number of digits nobody named": ("asterisk", {"disposition": "4"}, "rejected", "status_unknown"),
    **{
        f"TrackDrive: {word}": ("trackdrive", {"status": word}, "left_out", "call_in_progress")
        for word in "added-to-schedule calling-leads established initiated on-hold waiting".split()
    },
}  # fmt: skip


def export(*rows):
    """A CSV of these rows."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.fixture
def prepare(tmp_path):
    """Prepares a call of a vendor with some of its cells changed, or several of them."""

    def prepare(vendor, *changes, **settings):
        rows = [
            {name: cell for name, cell in {**BASE[vendor], **cells}.items() if cell is not None}
            for cells in changes
        ]
        (tmp_path / "calls.csv").write_text(export(*rows))
        merged = {"constants": IDS, **SETTINGS.get(vendor, {}), **settings}
        return ck.prepare(
            tmp_path / "calls.csv",
            preset=vendor.split()[0],
            now=NOW,
            max_rejected_share=1.0,
            **merged,
        )

    return prepare


def the_ready_row(prepared):
    assert prepared.rejected["reasons"].tolist() == []
    assert prepared.left_out["reasons"].tolist() == []
    (row,) = prepared.ready.to_dict("records")
    return row


@pytest.mark.parametrize(("vendor", "cells", "expected"), MAPPED.values(), ids=MAPPED)
def test_each_column_goes_where_the_facts_say(prepare, vendor, cells, expected):
    row = the_ready_row(prepare(vendor, cells))
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(("vendor", "cells", "status", "warning"), STATUS.values(), ids=STATUS)
def test_each_word_of_a_vendor_is_the_status_that_the_facts_say(
    prepare, vendor, cells, status, warning
):
    prepared = prepare(vendor, cells)
    assert the_ready_row(prepared)["CallStatus"] == status
    findings = {
        finding["code"]
        for finding in prepared.summary["findings"]
        if finding["column"] == "CallStatus"
    }
    assert findings == ({warning} if warning else set())


@pytest.mark.parametrize(("vendor", "cells", "fate", "code"), NOT_SENT.values(), ids=NOT_SENT)
def test_what_is_no_call_or_not_known_does_not_go(prepare, vendor, cells, fate, code):
    prepared = prepare(vendor, cells)
    assert getattr(prepared, fate)["codes"].tolist() == [code]
    assert prepared.ready.empty


# A direction that is not there: no row can go, since any may be a call that somebody placed.
KEYS = {
    "Aircall": ("aircall", "direction", {}),
    "Dialpad": ("dialpad", "direction", {"way": "outbound"}),
    "3CX": ("3cx", "Direction", {"Directions": "Outbound"}),
}


@pytest.mark.parametrize(("vendor", "column", "cells"), KEYS.values(), ids=KEYS)
def test_a_preset_without_its_direction_stops(prepare, vendor, column, cells):
    with pytest.raises(ck.InputError) as raised:
        prepare(vendor, {column: None, **cells})
    assert raised.value.code == "column_missing"
    assert f"{column!r}" in raised.value.expected
    assert the_ready_row(prepare(vendor, {column: None, **cells}, outbound="send"))


def test_a_column_that_is_named_nearly_like_the_direction_is_suggested(prepare):
    with pytest.raises(ck.InputError) as raised:
        prepare("3cx", {"Direction": None, "Directions": "Outbound"})
    assert "'Directions'" in raised.value.next_step


def test_a_connected_call_of_ringcentral_without_a_direction_does_not_go(prepare):
    prepared = prepare("ringcentral simple", {"Direction": None, "Action Result": "Call connected"})
    assert prepared.rejected["codes"].tolist() == ["status_unknown"]
    prepared = prepare("ringcentral simple", {"Direction": None, "Action": "VoIP Call"})
    assert prepared.left_out["codes"].tolist() == ["outbound"]
    assert (
        the_ready_row(prepare("ringcentral simple", {"Direction": None}))["CallStatus"] == "ANSWER"
    )


def under_its_other_names(vendor, cells):
    """The call, and each of its columns under each further name that the preset knows."""
    aliases = presets.load(vendor.split()[0]).about.aliases
    call = {**BASE[vendor], **cells}
    return [
        {others[at] if others[at:] else name: cell for name, cell in call.items()
         for others in [aliases.get(name, ())]}
        for at in range(max(map(len, aliases.values()), default=0))
    ]  # fmt: skip


RENAMED = {
    name: case[:2]
    for table in (MAPPED, STATUS)
    for name, case in table.items()
    if presets.load(case[0].split()[0]).about.aliases and case[0] in presets.PRESETS
}


@pytest.mark.parametrize(("vendor", "cells"), RENAMED.values(), ids=RENAMED)
def test_a_call_is_the_same_under_each_name_that_its_columns_have(prepare, vendor, cells):
    expected = the_ready_row(prepare(vendor, cells))
    for call in under_its_other_names(vendor, cells):
        as_they_are = dict.fromkeys(BASE[vendor])
        assert the_ready_row(prepare(vendor, {**as_they_are, **call})) == expected


PROVIDERS = {
    "invoca": "Invoca", "callrail": "CallRail", "ringba": "Ringba",
    "calltrackingmetrics": "CallTrackingMetrics", "retreaver": "Retreaver", "twilio": "Twilio",
    "trackdrive": "TrackDrive", "dialogtech": "DialogTech", "asterisk": "Asterisk",
    "freeswitch": "FreeSWITCH", "aircall": "Aircall", "ringcentral": "RingCentral",
    "3cx": "3CX", "talkdesk": "Talkdesk", "dialpad": "Dialpad",
}  # fmt: skip


@pytest.mark.parametrize(("vendor", "provider"), PROVIDERS.items(), ids=PROVIDERS)
def test_the_provider_is_the_vendor(prepare, vendor, provider):
    assert the_ready_row(prepare(vendor, {}))["CallProvider"] == provider


ON_REQUEST = {
    "Invoca: the ids of the network": (
        "invoca",
        {"affiliate_id_from_network": "7", "advertiser_campaign_id_from_network": "8"},
        {"MediaId": "affiliate_id_from_network"},
        {"MediaId": "7", "CampaignId": "1001"},
    ),
    "CallRail: value": ("callrail", {"value": "12.50"}, {"SaleAmount": "value"}, {"SaleAmount": "12.50"}),
    "Ringba: revenue": ("ringba", {"conversionAmount": "9"}, {"SaleAmount": "conversionAmount"}, {"SaleAmount": "9.00"}),
    "Retreaver: sid": ("retreaver", {"sid": "s7"}, {"SubId1": "sid"}, {"SubId1": "s7"}),
    "TrackDrive: sub_id": ("trackdrive", {"sub_id": "s7"}, {"SubId1": "sub_id"}, {"SubId1": "s7"}),
    "DialogTech: call_duration, rounded up": (
        "dialogtech",
        {"call_duration": "4"},
        {"CallDuration": "call_duration", "TalkDuration": "network_minutes"},
        {"CallDuration": "240"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "cells", "columns", "expected"), ON_REQUEST.values(), ids=ON_REQUEST
)
def test_what_goes_only_on_request_goes_when_it_is_asked_for(
    prepare, vendor, cells, columns, expected
):
    # A constant would win over what the file holds.
    constants = {name: value for name, value in IDS.items() if name not in columns}
    row = the_ready_row(prepare(vendor, cells, columns=columns, constants=constants))
    assert {name: row[name] for name in expected} == expected


def test_the_tracking_number_goes_where_the_job_chooses_it(prepare):
    for vendor in (
        "callrail",
        "ringba",
        "calltrackingmetrics",
        "retreaver",
        "trackdrive",
        "dialogtech",
    ):
        row = the_ready_row(prepare(vendor, {}, called_number="tracking"))
        assert row["CalledPhoneNumber"] == "8005550188", vendor


def test_a_conversion_of_invocas_is_a_row_of_its_own_on_wish(prepare):
    signal = {"transaction_id": "TX-2", "transaction_type": "Signal", "signal_name": "Sale"}
    prepared = prepare("invoca", {}, signal, conversion_rows="own_row")
    assert prepared.ready["DispositionName"].tolist() == ["", "Sale"]
    assert prepared.ready["VendorEventId"].tolist() == ["TX-1", "TX-2"]


def test_a_correction_of_invocas_takes_the_place_of_what_it_corrects(prepare):
    correcting = {"transaction_id": "TX-2", "corrects_transaction_id": "TX-1", "duration": "240"}
    prepared = prepare("invoca", {}, correcting)
    assert prepared.ready["CallDuration"].tolist() == ["240"]
    assert prepared.left_out["codes"].tolist() == ["superseded"]


def correcting(number, corrects, **cells):
    return {"transaction_id": number, "corrects_transaction_id": corrects, **cells}


CORRECTIONS = {
    "a correction of a correction": (
        [{}, correcting("TX-2", "TX-1"), correcting("TX-3", "TX-2")],
        ["TX-3"], ["superseded", "superseded"], [],
    ),
    "a correction that stands before what it corrects": (
        [correcting("TX-2", "TX-1"), {}], ["TX-2"], ["superseded"], [],
    ),
    "a correction that stands there twice": (
        [{}, correcting("TX-2", "TX-1"), correcting("TX-2", "TX-1")],
        ["TX-2"], ["superseded", "duplicate_row"], [],
    ),
    "a correction that is rejected: what it corrects is wrong all the same": (
        [{}, correcting("TX-2", "TX-1", hangup_cause="Meteor")], [], ["superseded"], ["status_unknown"],
    ),
    "a correction of what is rejected": (
        [{"hangup_cause": "Meteor"}, correcting("TX-2", "TX-1")], ["TX-2"], [], ["status_unknown"],
    ),
    "two corrections of one call: both would be paid": (
        [{}, correcting("TX-2", "TX-1"), correcting("TX-3", "TX-1")],
        [], ["superseded"], ["corrections_differ", "corrections_differ"],
    ),
    "two corrections of one call, one of them corrected itself": (
        [{}, correcting("TX-2", "TX-1"), correcting("TX-3", "TX-1"), correcting("TX-4", "TX-2")],
        [], ["superseded", "superseded"], ["corrections_differ", "corrections_differ"],
    ),
    "two corrections that correct each other": (
        [correcting("TX-2", "TX-3"), correcting("TX-3", "TX-2")],
        [], ["superseded", "superseded"], [],
    ),
    "a correction of a call that is not here, and may have been sent": (
        [correcting("TX-2", "TX-0")], [], ["correction_held"], [],
    ),
    "a row that names itself": ([correcting("TX-2", "TX-2")], ["TX-2"], [], []),
    "a signal that was corrected": (
        [{}, correcting("TX-2", "TX-1", transaction_type="Signal")], ["TX-1"], ["not_a_call"], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "ready", "left_out", "rejected"), CORRECTIONS.values(), ids=CORRECTIONS
)
def test_a_call_of_invocas_that_was_corrected_goes_once_at_most(
    prepare, rows, ready, left_out, rejected
):
    prepared = prepare("invoca", *rows)
    assert prepared.ready["VendorEventId"].tolist() == ready
    assert prepared.left_out["codes"].tolist() == left_out
    assert prepared.rejected["codes"].tolist() == rejected


def test_a_forwarded_call_of_twilios_takes_its_talk_from_the_child_leg(prepare):
    child = {
        "sid": "CA2", "parent_call_sid": "CA1", "to": "+18005550199", "duration": "187",
        "status": "completed", "direction": "outbound-dial",
    }  # fmt: skip
    prepared = prepare("twilio", {"status": "completed"}, child)
    assert prepared.left_out["codes"].tolist() == ["child_leg"]
    (row,) = prepared.ready.to_dict("records")
    assert row["CalledPhoneNumber"] == "8005550199"
    assert (row["CallDuration"], row["TalkDuration"], row["CallStatus"]) == ("201", "187", "ANSWER")


def test_twilios_completed_is_an_answer_where_the_job_says_so(prepare):
    values = {"CallStatus": {"completed": "ANSWER"}}
    row = the_ready_row(prepare("twilio", {"status": "completed"}, values=values))
    assert (row["CallStatus"], row["TalkDuration"]) == ("ANSWER", "201")


WIDTHS = {16: {"session_id_from": ["src", "start"]}, 18: {}, 19: {}, 21: {}}
MASTER = [
    "acc", "6175550123", "8005550199", "from-trunk", '"Jane" <6175550123>', "SIP/1", "SIP/2",
    "Dial", "SIP/2,30", "2026-11-20 09:30:05", "2026-11-20 09:30:19", "2026-11-20 09:33:26",
    "201", "187", "ANSWERED", "DOCUMENTATION",
]  # fmt: skip
MORE = {16: [], 17: ["17.1"], 18: ["17.1", ""], 19: ["", "17.0", "4"], 20: ["17.1", "", "17.0", "4"],
        21: ["17.1", "", "", "17.0", "4"]}  # fmt: skip


def master(folder, width):
    file = folder / "Master.csv"
    with file.open("w", newline="") as out:
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([[*MASTER, *MORE[width]]] * 1)
    return file


@pytest.mark.parametrize("width", WIDTHS)
def test_a_master_csv_without_a_header_is_read_by_its_width(tmp_path, width):
    prepared = ck.prepare(
        master(tmp_path, width), preset="asterisk", timezone="America/New_York", constants=IDS,
        now=NOW, **WIDTHS[width],
    )  # fmt: skip
    row = the_ready_row(prepared)
    assert (row["CallerId"], row["TalkDuration"]) == ("6175550123", "187")
    assert prepared.summary["inputs"][0]["header_line"] == 0
    if width > 16:
        assert row["CallSessionId"] == ("17.0" if width == 19 else "17.1")


@pytest.mark.parametrize("width", [17, 20])
def test_a_master_csv_whose_columns_are_ambiguous_stops(tmp_path, width):
    with pytest.raises(ck.InputError) as stopped:
        ck.prepare(master(tmp_path, width), preset="asterisk", timezone="UTC", constants=IDS)
    assert stopped.value.code == "no_header"
    assert stopped.value.found == f"{width} columns"
    assert "16, 18, 19 or 21 columns" in stopped.value.expected


def test_a_master_csv_is_read_as_it_stands_under_the_names_of_its_columns(tmp_path):
    frame = ck.read(master(tmp_path, 18), preset="asterisk")
    assert frame.index.tolist() == [1]
    assert frame.loc[1, "clid"] == '"Jane" <6175550123>'


NUMERIC = {"1": "INCOMPLETE", "2": "INCOMPLETE", "3": "FAILURE", "4": "ANSWER"}


@pytest.mark.parametrize(("number", "status"), NUMERIC.items(), ids=NUMERIC)
def test_numbers_of_asterisks_dispositions_mean_what_the_job_says(prepare, number, status):
    cells = {"disposition": number, "billsec": "187" if status == "ANSWER" else "0"}
    row = the_ready_row(prepare("asterisk", cells, values={"CallStatus": NUMERIC}))
    assert row["CallStatus"] == status


def test_asterisk_without_an_id_stops_and_says_how_to_derive_one(tmp_path):
    with pytest.raises(ck.InputError, match="session_id_from") as stopped:
        ck.prepare(master(tmp_path, 16), preset="asterisk", timezone="UTC", constants=IDS, now=NOW)
    assert stopped.value.code == "column_missing"
    assert "CallSessionId" in stopped.value.problem


DOUBTED = {
    "CTM: redacted": ("calltrackingmetrics", {"redacted": "true"}, {}, "CallerId", "redacted"),
    "DialogTech: tenths of a minute": ("dialogtech", {}, {}, "CallDuration", "tenths of a minute"),
    "DialogTech: talk in tenths of a minute": ("dialogtech", {}, {}, "TalkDuration", "tenths of a minute"),
    "DialogTech: whole minutes": ("dialogtech", {"call_duration": "4"}, {"columns": {"CallDuration": "call_duration", "TalkDuration": "network_minutes"}}, "CallDuration", "rounded up to the whole minute"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "cells", "settings", "column", "told"), DOUBTED.values(), ids=DOUBTED
)
def test_what_a_vendor_says_only_roughly_is_sent_with_a_warning(
    prepare, vendor, cells, settings, column, told
):
    prepared = prepare(vendor, cells, **settings)
    the_ready_row(prepared)
    (finding,) = [
        f
        for f in prepared.summary["findings"]
        if (f["code"], f["column"]) == ("weak_source", column)
    ]
    assert told in finding["examples"][0]["detail"]


NESTED = {
    "Retreaver, version 3: a number with its name": (
        "retreaver",
        {"number": {"number": "+18005550188", "name": "Spring"}, "keys_pressed": ["1", "2"]},
        {"PromoNumberDescription": "Spring", "Keypresses": "1,2", "Key2": "2"},
    ),
    "Retreaver, version 1: a bare number": (
        "retreaver",
        {"number": "+18005550188", "dialed_number": None},
        {"CalledPhoneNumber": "8005550188"},
    ),
    "CTM: keys within inputs": (
        "calltrackingmetrics",
        {"inputs": {"menu_inputs": ["2", "9"]}, "is_new_caller": False},
        {"Keypresses": "2,9", "Key1": "2", "Key2": "9", "RepeatCaller": "Repeat"},
    ),
}


@pytest.mark.parametrize(("vendor", "fields", "expected"), NESTED.values(), ids=NESTED)
def test_nested_fields_of_an_api_are_read_from_json(tmp_path, vendor, fields, expected):
    given = {**BASE[vendor], **fields}
    (tmp_path / "calls.jsonl").write_text(
        json.dumps({k: v for k, v in given.items() if "." not in k}) + "\n"
    )
    prepared = ck.prepare(tmp_path / "calls.jsonl", preset=vendor, constants=IDS, now=NOW)
    row = the_ready_row(prepared)
    assert {name: row[name] for name in expected} == expected
