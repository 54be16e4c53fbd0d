"""One fortnight of calls as ten made-up systems would export it, with what must become of each.

The layouts follow the documentation of contact centers and telephone systems: other words, orders,
units, languages, and ways to tell the direction and the outcome.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NEW_YORK = timedelta(hours=5)
"""What the clocks of the advertiser are behind UTC in November."""


@dataclass(frozen=True)
class Call:
    """One call: what happened, in numbers.

    ended: `answered`, `missed`, `voicemail`, `menu` or `busy`.
    way: `in`, `out` or `internal`.
    """

    number: int
    local: datetime
    caller: str
    called: str
    ring: int
    talk: int
    way: str
    ended: str

    @property
    def utc(self):
        return self.local + NEW_YORK

    @property
    def total(self):
        return self.ring + self.talk

    @property
    def connected(self):
        return self.ended == "answered"

    @property
    def spoken(self):
        return self.talk if self.connected else 0

    def at(self, seconds):
        """A moment of the call, in UTC."""
        return self.utc + timedelta(seconds=seconds)

    def told(self, **words):
        """The word of a system for how the call ended."""
        return words[self.ended]

    def goes(self, inbound, outbound, internal=""):
        """The word of a system for the way of the call."""
        return {"in": inbound, "out": outbound, "internal": internal}[self.way]


CALLS = tuple(
    Call(number, datetime.fromisoformat(local), *rest)
    for number, (local, *rest) in enumerate(
        (
            ("2026-11-12T09:30:05", "6175550123", "8005550142", 14, 187, "in", "answered"),
            ("2026-11-12T10:02:41", "3055550108", "8005550142", 6, 42, "in", "answered"),
            ("2026-11-12T11:47:19", "4155550140", "8005550142", 25, 0, "in", "missed"),
            ("2026-11-12T12:05:58", "7025550161", "8005550199", 20, 31, "in", "voicemail"),
            ("2026-11-13T08:15:33", "2125550133", "8005550199", 0, 17, "in", "menu"),
            ("2026-11-13T13:22:10", "8005550142", "6175550123", 9, 300, "out", "answered"),
            ("2026-11-13T14:40:27", "8005550142", "3055550108", 30, 0, "out", "missed"),
            ("2026-11-13T15:01:02", "anonymous", "8005550142", 8, 65, "in", "answered"),
            ("2026-11-13T16:59:59", "2135550119", "8005550199", 0, 0, "in", "busy"),
            ("2026-11-14T09:09:09", "4165550134", "8005550142", 11, 240, "in", "answered"),
            ("2026-11-14T10:30:00", "442079460123", "8005550142", 7, 121, "in", "answered"),
            ("2026-11-14T11:11:11", "101", "102", 5, 33, "internal", "answered"),
        )
    )
)
STATUSES = {
    "answered": {"ANSWER"},
    "missed": {"INCOMPLETE"},
    "voicemail": {"INCOMPLETE"},
    "menu": {"IVR_DROPOFF", "CANCEL", "INCOMPLETE"},
    "busy": {"INCOMPLETE"},
}


def plus(number):
    """A number as E.164; what is no number stays."""
    if not number.isdigit() or len(number) < 10:
        return number
    return f"+{number}" if number.startswith("44") else f"+1{number}"


def clock(seconds):
    """0:03:21."""
    return str(timedelta(seconds=seconds))


def zulu(moment):
    """A moment in UTC as ISO 8601."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(moment):
    """A moment in UTC as seconds since 1970."""
    return int(moment.replace(tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Layout:
    """How a system exports the calls.

    header, row: its columns, and the cells of a call.
    answers: what a person knows.
    second_line: a line under the header.
    delimiter: between cells.
    has_internal: whether internal calls are in the export.
    """

    header: str
    row: Callable[[Call], list[object]]
    answers: Mapping[str, str]
    second_line: str = ""
    delimiter: str = ","
    has_internal: bool = True

    def text(self):
        """The export."""
        head = [self.header, *([self.second_line] if self.second_line else [])]
        rows = [self.delimiter.join(map(str, self.row(call))) for call in self.calls]
        return "\n".join([*head, *rows]) + "\n"

    @property
    def calls(self):
        """The calls that are in the export."""
        return [call for call in CALLS if self.has_internal or call.way != "internal"]

    def by_line(self):
        """Each call by its source line."""
        first = 3 if self.second_line else 2
        return {str(first + at): call for at, call in enumerate(self.calls)}


ZONE = {"timezone": "America/New_York"}
STAMP = "%Y-%m-%d %H:%M:%S"
LAYOUTS = {
    "a contact center with a time for everything": Layout(
        "CALL ID,TIMESTAMP,CAMPAIGN,CALL TYPE,DISPOSITION,ANI,DNIS,CALL TIME,BILL TIME,IVR TIME,"
        "QUEUE WAIT TIME,RING TIME,TALK TIME,HOLD TIME,AFTER CALL WORK TIME,ABANDONED",
        lambda call: [
            f"3000{call.number:03}", f'"{call.local:%a, %d %b %Y %H:%M:%S}"', "Sales",
            call.goes("Inbound", "Manual", "Internal"),
            call.told(answered="Sale", missed="No Answer", voicemail="Voicemail", menu="Abandon", busy="Busy"),
            call.caller, call.called, clock(call.total), clock(60), clock(0), clock(0),
            clock(call.ring), clock(call.spoken), clock(0), clock(5), int(call.ended == "menu"),
        ],
        {**ZONE, "status.Sale": "ANSWER", "status.Abandon": "IVR_DROPOFF"},
    ),
    "moments and endpoints": Layout(
        "ContactId,Channel,InitiationMethod,InitiationTimestamp,ConnectedToSystemTimestamp,"
        "DisconnectTimestamp,CustomerEndpoint.Address,SystemEndpoint.Address,Queue.Name,"
        "Agent.ConnectedToAgentTimestamp,Agent.AgentInteractionDuration,DisconnectReason",
        lambda call: [
            f"{call.number:08}-1111-4222", "VOICE", call.goes("INBOUND", "OUTBOUND"),
            zulu(call.utc), zulu(call.utc), zulu(call.at(call.total)),
            plus(call.caller if call.way == "in" else call.called),
            plus(call.called if call.way == "in" else call.caller), "Sales",
            zulu(call.at(call.ring)) if call.connected else "",
            call.talk if call.connected else "",
            "AGENT_DISCONNECT" if call.connected else "CUSTOMER_DISCONNECT",
        ],
        {},
        has_internal=False,
    ),
    "milliseconds that no header names": Layout(
        "Conversation ID,Media Type,Direction,Date,Duration,ANI,DNIS,Queue,Total Talk,Disconnect Type",
        lambda call: [
            f"{call.number:08}-aaaa", "voice", call.goes("Inbound", "Outbound", "Internal"),
            f"{call.local:{STAMP}}", call.total * 1000, f"tel:{plus(call.caller)}" if call.caller.isdigit() else call.caller,
            f"tel:{plus(call.called)}", "Sales", call.spoken * 1000,
            "Peer" if call.connected else "Client",
        ],
        {**ZONE, "status.Peer": "ANSWER", "status.Client": "INCOMPLETE"},
    ),
    "a flag for the direction, and epochs": Layout(
        "id,fromNumber,toNumber,inbound,state,created,modified,finalCallResult,answerTime,finishTime,duration",
        lambda call: [
            f"90071{call.number:03}", plus(call.caller)[1:] if call.caller.isdigit() else call.caller,
            plus(call.called)[1:], call.goes("true", "false"), "FINISHED", epoch(call.utc) * 1000,
            epoch(call.at(600)) * 1000,
            call.told(answered="LA", missed="NO_ANS", voicemail="AM", menu="CANCELLED", busy="BUSY"),
            epoch(call.at(call.ring)) * 1000 if call.connected else "",
            epoch(call.at(call.total)) * 1000, call.total,
        ],
        {"talk_time": "call_if_answered", "status.LA": "ANSWER", "status.NO_ANS": "INCOMPLETE", "status.AM": "INCOMPLETE"},
        has_internal=False,
    ),
    "a switch with a line of types": Layout(
        "cdrRecordType,globalCallID_callId,dateTimeOrigination,callingPartyNumber,origCause_value,"
        "originalCalledPartyNumber,finalCalledPartyNumber,destCause_value,dateTimeConnect,"
        "dateTimeDisconnect,pkid,duration",
        lambda call: [
            1, f"9000{call.number}", epoch(call.utc), plus(call.caller), 0, plus(call.called), 4001,
            call.told(answered=16, missed=19, voicemail=19, menu=487, busy=17),
            epoch(call.at(call.ring)) if call.connected else 0, epoch(call.at(call.total)),
            f"{call.number:08}-1111-2222", call.spoken,
        ],
        {"status.16": "ANSWER", "status.19": "INCOMPLETE", "status.17": "INCOMPLETE", "status.487": "CANCEL"},
        second_line="INTEGER,INTEGER,INTEGER,VARCHAR(50),INTEGER,VARCHAR(50),VARCHAR(50),INTEGER,INTEGER,INTEGER,UNIQUEIDENTIFIER,INTEGER",
    ),
    "German": Layout(
        "Datum;Uhrzeit;Richtung;Quelle;Ziel;Status;Dauer;Anruf-ID",
        lambda call: [
            f"{call.local:%d.%m.%Y}", f"{call.local:%H:%M:%S}",
            call.goes("eingehend", "ausgehend", "intern"), plus(call.caller), plus(call.called),
            call.told(answered="angenommen", missed="verpasst", voicemail="Mailbox", menu="aufgelegt", busy="besetzt"),
            clock(call.spoken), f"sg{call.number}",
        ],
        {**ZONE, "talk_time": "call_if_answered"},
        delimiter=";",
    ),
    "Spanish": Layout(
        "Identificador;Fecha;Hora;Sentido;Llamante;Número marcado;Duración;Tiempo de espera;Conversación;Resultado",
        lambda call: [
            f"id{call.number}", f"{call.local:%d/%m/%Y}", f"{call.local:%H:%M:%S}",
            call.goes("Entrante", "Saliente", "Interna"), plus(call.caller), plus(call.called),
            clock(call.total), clock(call.ring), clock(call.spoken),
            call.told(answered="Contestada", missed="No contestada", voicemail="Buzón de voz", menu="Abandonada", busy="Ocupado"),
        ],
        {**ZONE, "date_order": "day-first"},
        delimiter=";",
    ),
    "flags for everything": Layout(
        "uniqueid,created_at,from_number,to_number,is_outbound,duration_sec,talk_sec,answered,voicemail",
        lambda call: [
            f"f{call.number}", zulu(call.utc), plus(call.caller), plus(call.called),
            int(call.way == "out"), call.total, call.talk if call.ended in ("answered", "voicemail") else 0,
            int(call.ended in ("answered", "voicemail")), int(call.ended == "voicemail"),
        ],
        {},
        has_internal=False,
    ),
    "no word on the direction": Layout(
        "Call ID,Start,Caller,Called,Length,Talk Time,Outcome",
        lambda call: [
            f"v{call.number}", f"{call.local:{STAMP}}", plus(call.caller), plus(call.called), call.total, call.spoken,
            call.told(answered="Answered", missed="Missed", voicemail="Voicemail", menu="Abandoned", busy="Busy"),
        ],
        ZONE,
        has_internal=False,
    ),
    "absurd words": Layout(
        "Ref,When,Their Number,Our Number,Dir,Secs,Talked,How It Ended",
        lambda call: [
            f"r{call.number}", f"{call.local:%d/%m/%Y %H:%M:%S}",
            call.called if call.way == "out" else call.caller,
            call.caller if call.way == "out" else call.called, call.goes("I", "O", "L"),
            call.total, call.spoken,
            call.told(answered="spoke", missed="rang out", voicemail="machine", menu="gave up", busy="engaged"),
        ],
        {
            **ZONE, "date_order": "day-first", "status.spoke": "ANSWER", "status.rang out": "INCOMPLETE",
            "status.machine": "INCOMPLETE", "status.gave up": "CANCEL", "status.engaged": "INCOMPLETE",
        },
    ),
    "a voice bot's camel case": Layout(
        "id,type,status,startedAt,endedAt,endedReason,customer.number,phoneNumber.number,durationSeconds,cost",
        lambda call: [
            f"{call.number:08}-v", call.goes("inboundPhoneCall", "outboundPhoneCall"), "ended",
            zulu(call.utc), zulu(call.at(call.total)),
            call.told(answered="customer-ended-call", missed="customer-did-not-answer", voicemail="voicemail", menu="silence-timed-out", busy="customer-busy"),
            plus(call.caller if call.way == "in" else call.called), plus(call.called if call.way == "in" else call.caller),
            call.total + 0.4, "0.12",
        ],
        {
            "talk_time": "call_if_answered", "status.customer-ended-call": "ANSWER", "status.silence-timed-out": "IVR_DROPOFF",
            "status.customer-did-not-answer": "INCOMPLETE", "status.customer-busy": "INCOMPLETE",
        },
        has_internal=False,
    ),
    "a gateway whose start is the answer": Layout(
        "Correlation ID,Country,Invite Time,Start Time,Failure Time,End Time,Duration (seconds),Success,"
        "Caller Number,Callee Number,Call type,Final SIP code,Final SIP phrase",
        lambda call: [
            f"{call.number:08}-d", "US", zulu(call.utc), zulu(call.at(call.ring)) if call.connected else "",
            "" if call.connected else zulu(call.at(call.total)), zulu(call.at(call.total)) if call.connected else "",
            call.spoken, "Yes" if call.connected else "No", plus(call.caller), plus(call.called), call.goes("ByotIn", "ByotOut"),
            call.told(answered=0, missed=480, voicemail=480, menu=487, busy=486), "phrase",
        ],
        {"talk_time": "call_if_answered"},
        has_internal=False,
    ),
    "codes that a vendor numbers from 1": Layout(
        "contact_id,Contact_Code,media_name,ANI_DIALNUM,start_date,start_time,InQueue,Agent_Time,Total_Time,abandon,DNIS,Inbound_Outbound",
        lambda call: [
            f"33{call.number:05}", 1, "Call", call.caller if call.way == "in" else call.called, f"{call.local:%m/%d/%Y}",
            f"{call.local:%H:%M:%S}", call.ring, call.spoken, call.total, "N" if call.connected else "Y",
            call.called if call.way == "in" else call.caller, call.goes("I", "O"),
        ],
        {**ZONE, "date_order": "month-first", "talk_time": "Agent_Time", "status.Y": "INCOMPLETE"},
        has_internal=False,
    ),
    "a column named Call Status that is no outcome": Layout(
        "Record ID,Activity date,Call Direction,Call outcome,Call Duration,Call Status,From Number,To Number",
        lambda call: [
            f"50{call.number:06}", f"{call.local:{STAMP}}", call.goes("Inbound", "Outbound"),
            call.told(answered="Connected", missed="No answer", voicemail="Left voicemail", menu="No answer", busy="Busy"),
            clock(call.spoken), "COMPLETED" if call.ended in ("answered", "voicemail") else "CANCELED", plus(call.caller), plus(call.called),
        ],
        {**ZONE, "talk_time": "call_if_answered"},
        has_internal=False,
    ),
    "a switch that says no cause": Layout(
        "globalCallID_callId,dateTimeOrigination,callingPartyNumber,originalCalledPartyNumber,finalCalledPartyNumber,"
        "origCause_value,destCause_value,dateTimeConnect,dateTimeDisconnect,duration",
        lambda call: [
            9000 + call.number, epoch(call.utc), plus(call.caller) if call.way == "in" else 4001, plus(call.called), 4001, 0,
            call.told(answered=16 if call.number % 2 else 0, missed=19, voicemail=19, menu=0, busy=17),
            epoch(call.at(call.ring)) if call.connected else 0, epoch(call.at(call.total)), call.spoken,
        ],
        {"talk_time": "duration"},
    ),
    "outcomes that name outgoing calls": Layout(
        "Call Log ID,Logged At,Call Started,Client Phone,Our Number,Rep,Length,Outcome",
        lambda call: [
            f"L{call.number}", f"{call.at(9000):{STAMP}}", f"{call.local:{STAMP}}",
            call.caller if call.way == "in" else call.called, call.called if call.way == "in" else call.caller, "Alex", clock(call.total),
            call.goes("", "Outbound - ")
            + call.told(answered="Answered", missed="Missed", voicemail="Voicemail", menu="Hung up", busy="Busy"),
        ],
        {**ZONE, "talk_time": "call_if_answered"},
        has_internal=False,
    ),
    "in and out under a word that says nothing": Layout(
        "Interaction,Begun,Finished,Customer,Company Line,Agent Extension,Way,Wait (s),Talk (s),Total (s),How",
        lambda call: [
            f"i-{call.number:05}", f"{call.local:{STAMP}}", f"{call.local + timedelta(seconds=call.total):{STAMP}}",
            call.caller if call.way == "in" else call.called, call.called if call.way == "in" else call.caller, 101,
            call.goes("IN", "OUT", "INT"), call.ring, call.spoken, call.total,
            call.told(answered="Answered", missed="dial_no_answer", voicemail="voicemailReached", menu="Abandoned - menu", busy="dial_busy"),
        ],
        ZONE,
    ),
    "Portuguese": Layout(
        "ID da chamada;Data;Hora;Direção;Origem;Destino;Duração;Tempo de conversação;Status",
        lambda call: [
            f"pt{call.number}", f"{call.local:%d/%m/%Y}", f"{call.local:%H:%M:%S}", call.goes("Recebida", "Realizada", "Interna"),
            plus(call.caller), plus(call.called), clock(call.total), clock(call.spoken),
            call.told(answered="Atendida", missed="Não atendida", voicemail="Caixa postal", menu="Abandonada", busy="Ocupado"),
        ],
        {**ZONE, "date_order": "day-first"},
        delimiter=";",
    ),
    "own lines in a lead list": Layout(
        "Lead ID,Lead Type,Date,Hour,Contact Phone Number,Tracking Number,Destination Number,Total duration,Result",
        lambda call: [
            f"ro{call.number}", "Phone Call", f"{call.local:%d/%m/%Y}", f"{call.local:%H:%M:%S}", plus(call.caller),
            plus("8005550142"), plus(call.called), clock(call.spoken),
            call.told(answered="Answered", missed="Missed", voicemail="Voicemail", menu="Abandoned", busy="Missed"),
        ],
        {**ZONE, "date_order": "day-first", "talk_time": "call_if_answered", "map.CalledPhoneNumber": "Destination Number"},
        has_internal=False,
    ),
    "FreeSWITCH without a direction": Layout(
        "caller_id_number,destination_number,context,start_stamp,answer_stamp,end_stamp,duration,billsec,hangup_cause,uuid",
        lambda call: [
            call.caller, call.called, "public" if call.way == "in" else "default", f"{call.local:{STAMP}}",
            f"{call.local + timedelta(seconds=call.ring):{STAMP}}" if call.connected else "",
            f"{call.local + timedelta(seconds=call.total):{STAMP}}", call.total, call.spoken,
            call.told(answered="NORMAL_CLEARING", missed="NO_ANSWER", voicemail="NO_ANSWER", menu="ORIGINATOR_CANCEL", busy="USER_BUSY"),
            f"{call.number:08}-fs",
        ],
        ZONE,
    ),
}  # fmt: skip
