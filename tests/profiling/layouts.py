"""Layouts of call logs, made up from what other tools' documentation shows; two are absurd.

Each is a header, rows, and what may be proposed for the columns of the format: the one right source,
or None where the file does not tell. A proposal that is missing is no fault; a wrong one is.
"""

from typing import NamedTuple


class Layout(NamedTuple):
    """One made-up export.

    header, rows: its cells.
    right: spec column to what may be proposed for it; every other column must have nothing.
    must: spec columns for which the right source must be proposed.
    direction: the column that tells the direction and the values that are left out.
    statuses: words and the status that may be proposed; None: nothing may be.
    """

    header: str
    rows: tuple[str, ...]
    right: dict[str, object]
    must: tuple[str, ...] = ("EventDate", "CallerId", "CalledPhoneNumber", "CallDuration")
    direction: tuple[str, set[str]] | None = None
    statuses: dict[str, str | None] = {}  # noqa: RUF012 # a table of a test


def _calls(template, *, own="8005550142", other="8005550199"):
    """Twelve calls, their parts filled into a template."""
    callers = (
        "6175550123 3055550108 4155550140 7025550161 2125550133 3125550177 "
        "2135550119 4165550134 6465550111 9175550188 5035550171 2065550164"
    ).split()
    talks = (187, 42, 0, 0, 0, 300, 0, 240, 121, 33, 65, 0)
    return tuple(
        template.format(
            n=n,
            id=f"{7000 + n * 13}",
            caller=caller,
            dashed=f"{caller[:3]}-{caller[3:6]}-{caller[6:]}",
            plus=f"+1{caller}",
            own=own if n % 3 else other,
            hour=9 + n % 8,
            minute=(n * 7) % 60,
            day=10 + n,
            talk=talk,
            total=talk + 14 if talk else 20 + n,
            wait=14 if talk else 20 + n,
            clock=f"0:{(talk or 20 + n) // 60:02}:{(talk or 20 + n) % 60:02}",
            answered="Yes" if talk else "No",
            word_de="angenommen" if talk else "verpasst",
            word_es="contestada" if talk else "perdida",
            agent=100 + n % 3,
            digit=n % 10,
            reached=f"2026-11-12T15:{(n * 7) % 60:02}:19Z" if talk else "",
            cause=16 if talk else 19,
            start=1_794_490_000 + n * 5_000,
            end=1_794_490_000 + n * 5_000 + (talk + 14 if talk else 20 + n),
            answer=1_794_490_000 + n * 5_000 + 14 if talk else 0,
        )
        for n, (caller, talk) in enumerate(zip(callers, talks, strict=True))
    )


LAYOUTS = {
    "German, a cloud telephone system": Layout(
        "Anrufdatum;Uhrzeit;Richtung;Rufnummer Anrufer;Zielrufnummer;Dauer;Ergebnis;Anruf-ID",
        (
            *_calls("{day}.11.2026;{hour:02}:{minute:02}:05;eingehend;{caller};{own};{clock};{word_de};G{id}"),
            "13.11.2026;12:00:00;ausgehend;8005550142;6175550123;0:01:00;angenommen;G1",
        ),
        {
            "EventDate": {"join": ["Anrufdatum", "Uhrzeit"]},
            "CallerId": "Rufnummer Anrufer",
            "CalledPhoneNumber": "Zielrufnummer",
            "CallDuration": "Dauer",
            "CallStatus": "Ergebnis",
            "CallSessionId": "Anruf-ID",
        },
        direction=("Richtung", {"ausgehend"}),
        statuses={"angenommen": "ANSWER", "verpasst": "INCOMPLETE"},
    ),
    "Spanish, a contact center": Layout(
        "ID de llamada,Fecha y hora,Número de origen,Número de destino,Duración (segundos),Tiempo de conversación,Estado,Agente",
        _calls("E{id},{day}/11/2026 {hour:02}:{minute:02},{caller},{own},{total},{talk},{word_es},Ana"),
        {
            "EventDate": "Fecha y hora",
            "CallerId": "Número de origen",
            "CalledPhoneNumber": "Número de destino",
            "CallDuration": "Duración (segundos)",
            "TalkDuration": "Tiempo de conversación",
            "CallStatus": "Estado",
            "CallSessionId": "ID de llamada",
        },
        ("EventDate", "CallerId", "CalledPhoneNumber", "CallDuration", "TalkDuration", "CallStatus"),
        statuses={"contestada": "ANSWER", "perdida": "INCOMPLETE"},
    ),
    "epochs and camel case, with causes": Layout(
        "recordType,callLegId,dateTimeOrigination,callingPartyNumber,originalCalledPartyNumber,finalCalledPartyNumber,destCause_value,dateTimeConnect,dateTimeDisconnect,duration",
        _calls("1,L{id},{start},{plus},+1{own},40{n:02},{cause},{answer},{end},{total}"),
        {
            "EventDate": "dateTimeOrigination",
            "CallerId": "callingPartyNumber",
            "CalledPhoneNumber": "originalCalledPartyNumber",
            "CallDuration": "duration",
            "TalkDuration": {"difference": ["dateTimeDisconnect", "dateTimeConnect"]},
            "CallStatus": "destCause_value",
            "CallSessionId": "callLegId",
        },
        statuses={"16": None, "19": "INCOMPLETE"},
    ),
    "a contact center with handle times": Layout(
        "INTERACTION ID,TIMESTAMP,CALL TYPE,ANI,DNIS,AGENT,CALL TIME,TALK TIME,HANDLE TIME,AFTER CALL WORK TIME,DISPOSITION",
        (
            *_calls("{id},2026-11-{day} {hour:02}:{minute:02}:07,Inbound,{caller},{own},a{agent},{total},{talk},{total},3,Sale"),
            "1,2026-11-13 10:00:00,Manual,8005550142,6175550123,a1,60,50,60,3,Callback",
        ),
        {
            "EventDate": "TIMESTAMP",
            "CallerId": "ANI",
            "CalledPhoneNumber": "DNIS",
            "CallDuration": "CALL TIME",
            "TalkDuration": "TALK TIME",
            "CallSessionId": "INTERACTION ID",
        },
        direction=("CALL TYPE", {"Manual"}),
    ),
    "moments alone, and endpoints": Layout(
        "ContactId,InitiationMethod,InitiationTimestamp,DisconnectTimestamp,Agent.ConnectedToAgentTimestamp,CustomerEndpoint.Address,SystemEndpoint.Address,Queue.Name,Channel",
        (
            *_calls("k-{id},INBOUND,2026-11-12T15:{minute:02}:05Z,2026-11-12T16:03:0{digit}Z,{reached},{plus},+1{own},Sales,VOICE"),
            "k-1,OUTBOUND,2026-11-12T15:00:06Z,2026-11-12T15:00:59Z,2026-11-12T15:00:10Z,+16175550123,+18005550142,Sales,VOICE",
            "k-2,INBOUND,2026-11-12T15:00:06Z,2026-11-12T15:00:59Z,,+16175550124,+18005550142,Sales,VOICE",
        ),
        {
            "EventDate": "InitiationTimestamp",
            "CallerId": "CustomerEndpoint.Address",
            "CalledPhoneNumber": "SystemEndpoint.Address",
            "CallDuration": {"difference": ["DisconnectTimestamp", "InitiationTimestamp"]},
            "TalkDuration": {"difference": ["DisconnectTimestamp", "Agent.ConnectedToAgentTimestamp"]},
            "CallSessionId": "ContactId",
        },
        ("EventDate", "CallerId", "CalledPhoneNumber"),
        direction=("InitiationMethod", {"OUTBOUND"}),
    ),
    "milliseconds, and the zone in the header": Layout(
        "Date [America/Denver],Participant,From,To,Direction,Outcome,Duration [Milliseconds],Conversation ID",
        (
            *_calls("2026-11-{day} {hour:02}:{minute:02},Desk,{dashed},{own},Inbound,{answered},{total}000,c{id}"),
            "2026-11-13 10:00,Desk,8005550142,617-555-0123,Outbound,Yes,60000,c1",
        ),
        {
            "EventDate": "Date [America/Denver]",
            "CallerId": "From",
            "CalledPhoneNumber": "To",
            "CallDuration": "Duration [Milliseconds]",
            "CallStatus": "Outcome",
            "CallSessionId": "Conversation ID",
        },
        direction=("Direction", {"Outbound"}),
    ),
    "a lead tracker with two numbers of ours": Layout(
        "Lead ID,Lead Type,Date Created,Phone Number,Tracking Number,Destination Number,Call Duration Seconds,Answer Status,Lead Source,City",
        (
            *_calls("{id},Phone Call,2026-11-{day} {hour:02}:{minute:02}:09,{plus},+1{own},+13125550188,{total},{answered},Google,Boston"),
            "1,Web Form,2026-11-13 10:00:00,+16175550123,,,,,Google,Salem",
        ),
        {
            "EventDate": "Date Created",
            "CallerId": "Phone Number",
            "CalledPhoneNumber": "Destination Number",
            "CallDuration": "Call Duration Seconds",
            "CallSessionId": "Lead ID",
            "CallStatus": "Answer Status",
            "TrafficSource": "Lead Source",
            "City": "City",
        },
        ("EventDate", "CalledPhoneNumber", "CallDuration", "CallSessionId"),
        direction=("Lead Type", {"Web Form"}),
    ),
    "a softswitch whose flag says inbound": Layout(
        "sid,created,fromNumber,toNumber,inbound,finalCallResult,billedMinutes,talkSeconds,lengthSeconds",
        (
            *_calls("s{id},2026-11-{day}T{hour:02}:{minute:02}:05Z,1{caller},1{own},true,RESULT{n},1,{talk},{total}"),
            "s1,2026-11-13T10:00:00Z,18005550142,16175550123,false,LA,1,20,40",
        ),
        {
            "EventDate": "created",
            "CallerId": "fromNumber",
            "CalledPhoneNumber": "toNumber",
            "CallDuration": "lengthSeconds",
            "TalkDuration": "talkSeconds",
            "CallSessionId": "sid",
        },
        direction=("inbound", {"false"}),
    ),
    "a zone in one of two headers, and where the call was forwarded": Layout(
        "Id,Answer Status,Ring Duration,Call Duration,Call Date,Call Date UTC,Tracking Number,Caller Number,Termination Number",
        _calls("{id},{answered},2,{total},2026-11-{day} {hour:02}:{minute:02}:09,2026-11-{day} 1{digit}:{minute:02}:09,{own},{caller},3125550188"),
        {
            "EventDate": "Call Date UTC",
            "CallerId": "Caller Number",
            "CalledPhoneNumber": "Termination Number",
            "CallDuration": "Call Duration",
            "CallSessionId": "Id",
            "CallStatus": "Answer Status",
        },
    ),
    "tracking numbers that look like epochs": Layout(
        "Call ID;Date;Time;Duration;Tracking Number;Transferred Number;Caller Number;Result",
        _calls("{id};{day}/11/2026;{hour:02}:{minute:02}:05;{clock};1300975707;{own};{caller};Answered"),
        {
            "EventDate": {"join": ["Date", "Time"]},
            "CallerId": "Caller Number",
            "CalledPhoneNumber": "Transferred Number",
            "CallDuration": "Duration",
            "CallSessionId": "Call ID",
            "CallStatus": "Result",
        },
    ),
    "a possessive, and a number dialled": Layout(
        "Unique Call ID,Call Start Time,Call Duration (s),Ring Time,Caller's Number,Number Dialled,Call Answered",
        _calls("{id},2026-11-{day} {hour:02}:{minute:02}:09,{total},8,{caller},{own},{answered}"),
        {
            "EventDate": "Call Start Time",
            "CallerId": "Caller's Number",
            "CalledPhoneNumber": "Number Dialled",
            "CallDuration": "Call Duration (s)",
            "CallSessionId": "Unique Call ID",
            "CallStatus": "Call Answered",
        },
    ),
    "chats in a column of channels": Layout(
        "ContactId,InitiationMethod,InitiationTimestamp,CustomerEndpoint.Address,SystemEndpoint.Address,Duration,Channel",
        (
            *_calls("k-{id},INBOUND,2026-11-12T15:{minute:02}:05Z,{plus},+1{own},{total},VOICE"),
            "k-1,INBOUND,2026-11-12T15:00:06Z,+16175550123,+18005550142,60,CHAT",
            "k-2,OUTBOUND,2026-11-12T15:00:06Z,+16175550124,+18005550142,60,VOICE",
        ),
        {
            "EventDate": "InitiationTimestamp",
            "CallerId": "CustomerEndpoint.Address",
            "CalledPhoneNumber": "SystemEndpoint.Address",
            "CallDuration": "Duration",
            "CallSessionId": "ContactId",
        },
        direction=("InitiationMethod", {"OUTBOUND", "CHAT"}),
    ),
    "channels of marketing are no kinds of call": Layout(
        "Call ID,Start Time,Caller,Destination Number,Duration,Channel",
        (
            *_calls("{id},2026-11-12T15:{minute:02}:05Z,{plus},+1{own},{total},Paid Search"),
            "k-1,2026-11-12T15:00:06Z,+16175550123,+18005550142,60,Email",
            "k-2,2026-11-12T15:00:06Z,+16175550124,+18005550142,60,Organic",
        ),
        {
            "EventDate": "Start Time",
            "CallerId": "Caller",
            "CalledPhoneNumber": "Destination Number",
            "CallDuration": "Duration",
            "CallSessionId": "Call ID",
        },
    ),
    "Dutch, with dates that begin like a cause": Layout(
        "Datum;Tijd;Richting;Van;Naar;Duur;Gesprekstijd;Status;Gespreks-ID",
        (
            *_calls("{day}-11-2026;{hour:02}:{minute:02}:05;Inkomend;{caller};{own};{total};{talk};Beantwoord;G{id}"),
            "13-11-2026;12:00:00;Uitgaand;8005550142;6175550123;60;50;Gemist;G1",
        ),
        {
            "EventDate": {"join": ["Datum", "Tijd"]},
            "CallerId": "Van",
            "CalledPhoneNumber": "Naar",
            "CallDuration": "Duur",
            "TalkDuration": "Gesprekstijd",
            "CallStatus": "Status",
            "CallSessionId": "Gespreks-ID",
        },
        direction=("Richting", {"Uitgaand"}),
        statuses={"Beantwoord": "ANSWER", "Gemist": "INCOMPLETE"},
    ),
    "legs with a number each": Layout(
        "Session Id,Leg,From,To,Start Time,Duration,Result",
        (
            *_calls("s{id},1,{caller},+1{own},2026-11-20T14:{minute:02}:05Z,{total},Answered"),
            *_calls("s{id},2,{caller},+1{own},2026-11-20T14:{minute:02}:14Z,{talk},Answered")[:5],
            "s1,3,6175550188,+18005550142,2026-11-20T14:30:14Z,20,Answered",
        ),
        {
            "EventDate": "Start Time",
            "CallerId": "From",
            "CalledPhoneNumber": "To",
            "CallDuration": "Duration",
            "CallStatus": "Result",
            "CallSessionId": "Session Id",
        },
        direction=("Leg", {"2", "3"}),
    ),
    "a row for each agent of a call": Layout(
        "Call ID,Start Time,Caller,Called,Duration,Status,Agent",
        tuple(
            row
            for row in _calls("{id},2026-11-20 14:{minute:02}:05,{caller},{own},{total},Answered,Ann")
            for row in (row, row.replace("Ann", "Bo"))
        ),
        {
            "EventDate": "Start Time",
            "CallerId": "Caller",
            "CalledPhoneNumber": "Called",
            "CallDuration": "Duration",
            "CallStatus": "Status",
            "CallSessionId": "Call ID",
        },
        ("EventDate", "CallSessionId"),
    ),
    "an id of a visit, with several calls": Layout(
        "Session ID,Start Time,Caller,Called,Duration,Status",
        (
            *_calls("v{agent},2026-11-20 14:{minute:02}:05,{caller},{own},{total},Answered"),
        ),
        {
            "EventDate": "Start Time",
            "CallerId": "Caller",
            "CalledPhoneNumber": "Called",
            "CallDuration": "Duration",
            "CallStatus": "Status",
        },
    ),
    "a telephone's own list of calls": Layout(
        "Call ID,Time,Type,Number,Our Number,Duration",
        (
            *_calls("{id},2026-11-20 14:{minute:02}:05,Incoming,{caller},{own},{total}"),
            "1,2026-11-20 14:00:01,Missed,6175550198,8005550142,0",
            "2,2026-11-20 14:00:02,Outgoing,6175550197,8005550142,44",
        ),
        {
            "EventDate": "Time",
            "CallerId": "Number",
            "CalledPhoneNumber": "Our Number",
            "CallDuration": "Duration",
            "CallStatus": "Type",
            "CallSessionId": "Call ID",
        },
        direction=("Type", {"Outgoing"}),
        statuses={"Missed": "INCOMPLETE", "Incoming": None},
    ),
    "calls that were tests": Layout(
        "Call ID,Start Time,Caller,Called,Duration,Status,Is Test",
        (
            *_calls("{id},2026-11-20 14:{minute:02}:05,{caller},{own},{total},Answered,FALSE"),
            "1,2026-11-20 14:00:01,6175550198,8005550142,20,Answered,TRUE",
        ),
        {
            "EventDate": "Start Time",
            "CallerId": "Caller",
            "CalledPhoneNumber": "Called",
            "CallDuration": "Duration",
            "CallStatus": "Status",
            "CallSessionId": "Call ID",
        },
        direction=("Is Test", {"TRUE"}),
    ),
    "a customer database": Layout(
        "Activity ID,Created,Direction,Customer Phone,Company Phone,Call Duration (seconds),Call Result",
        (
            *_calls("A{id},2026-11-{day} {hour:02}:{minute:02},Inbound,{dashed},800.555.0142,{total},{answered}"),
            "A1,2026-11-13 10:00,Outbound,617-555-0188,800.555.0142,60,Yes",
        ),
        {
            "EventDate": "Created",
            "CallerId": "Customer Phone",
            "CalledPhoneNumber": "Company Phone",
            "CallDuration": "Call Duration (seconds)",
            "CallStatus": "Call Result",
            "CallSessionId": "Activity ID",
        },
        direction=("Direction", {"Outbound"}),
    ),
    "absurd: names that say nothing": Layout(
        "x1,x2,x3,x4,x5",
        _calls("{id},2026-11-{day} {hour:02}:{minute:02}:05,{caller},{own},{total}"),
        {"EventDate": "x2", "CallerId": "x3", "CalledPhoneNumber": "x4"},
        ("EventDate",),
    ),
    "absurd: names that say the wrong thing": Layout(
        "Country,Talk Time,Direction,Caller Name,Status,Zip",
        _calls("{n},2026-11-{day} {hour:02}:{minute:02}:05,{caller},{own},https://r.example/{id},{total}"),
        {},
        (),
    ),
}  # fmt: skip
