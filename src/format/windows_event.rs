//! Events of the Windows event log as JSON, in the shapes its exporters write: flat (NXLog, Sentinel), `Event.System` and
//! `Event.EventData` as in the XML (evtx_dump), `Get-WinEvent | ConvertTo-Json`, and Winlogbeat.
//!
//! The action is the event's id, which is what people know these events by; the message says what it means.
//! Source: <https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-systempropertiestype-complextype>.

mod ids;

use super::mapped::Table;
use super::record::{add_address, time_of};
use crate::event::{Attributes, Event, Kind, Outcome, Severity, Timestamp};

pub(super) const WINDOWS_EVENT: Table = Table {
    id: "windows-event",
    title: "Windows event log as JSON",
    known_by: &[
        "EventID Channel",
        "EventID Computer",
        "EventID SourceName Hostname",
        "System.EventID System.Provider.",
        "System.EventID. System.Provider.",
        "Event.System.EventID",
        "Event.System.EventID.",
        "Id LogName ProviderName MachineName",
        "winlog.event_id winlog.channel",
        "event_id log_name computer_name",
    ],
    fields: &[
        (
            "ts",
            &[
                "@timestamp",
                "Event.System.TimeCreated.#attributes.SystemTime",
                "Event.System.TimeCreated.@SystemTime",
                "Event.System.TimeCreated.SystemTime",
                "System.TimeCreated.SystemTime",
                "TimeCreated.SystemTime",
                "TimeCreated",
                "SystemTime",
                "TimeGenerated",
                "UtcTime",
                "EventTime",
            ],
        ),
        (
            "action",
            &[
                "EventID",
                "Event.System.EventID.#text",
                "Event.System.EventID",
                "System.EventID.#text",
                "System.EventID",
                "winlog.event_id",
                "event_id",
                "Id",
            ],
        ),
        (
            "host",
            &[
                "Computer",
                "Hostname",
                "MachineName",
                "Event.System.Computer",
                "System.Computer",
                "winlog.computer_name",
                "computer_name",
                "host.name",
            ],
        ),
        (
            "severity",
            &[
                "LevelDisplayName",
                "LevelText",
                "log.level",
                "level",
                "EventLevelName",
                "Severity",
                "Event.System.Level",
                "System.Level",
            ],
        ),
        ("message", &["Activity", "Message"]),
    ],
    severities: &[
        // 0 is written whatever the level.
        ("0", Severity::Info),
        ("LogAlways", Severity::Info),
        ("1", Severity::Crit),
        ("2", Severity::Err),
        ("3", Severity::Warning),
        ("4", Severity::Info),
        ("5", Severity::Debug),
        ("Verbose", Severity::Debug),
    ],
    finish: complete,
    ..Table::EMPTY
};

/// Fills what the record's own data tell: who, on what, from where, and whether it was allowed. What is filled already, by
/// who shipped the record, stays.
pub(super) fn complete(event: &mut Event, leaves: &Attributes) {
    let data = Data::of(leaves);
    let number = leaves.get("winlog.event_id").map(str::to_owned);
    let id: u32 = number
        .or(event.action.clone())
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    if event.ts.is_none() {
        event.ts = data.get("TimeCreated").and_then(in_date_call);
    }
    let text = |name: &str| data.get(name).map(str::to_owned);
    // An event that tells of a logon has the machine as its subject; the target is who logs on.
    let is_logon = ids::is_logon(id);
    let first = |names: &[&str]| names.iter().find_map(|name| data.get(name)).map(bare);
    let target_user = || first(&["TargetUserName", "TargetAccount"]);
    let subject = || {
        first(&[
            "SubjectUserName",
            "User",
            "UserName",
            "AccountName",
            "Account",
        ])
    };
    if event.actor.is_none() {
        event.actor = if is_logon {
            target_user().or_else(subject)
        } else {
            subject()
        };
    }
    if event.target.is_none() {
        let named = ids::TARGETS.iter().find_map(|name| text(name));
        event.target = if is_logon {
            text("ServiceName").or_else(|| event.host.clone())
        } else {
            // Of a log that was cleared, nothing else is named.
            let log = || ids::is_cleared(id).then(|| text("Channel")).flatten();
            named
                .or_else(target_user)
                .or_else(|| text("Image"))
                .or_else(log)
        };
    }
    if event.outcome == Outcome::Unknown {
        event.outcome = outcome(&data);
    }
    if event.outcome == Outcome::Failure && event.reason.is_none() {
        let codes = ["SubStatus", "Status", "FailureCode", "ErrorCode"];
        // 0 is no code.
        let code = codes
            .iter()
            .find_map(|name| text(name).filter(|c| c != "0x0" && c != "0"));
        event.reason = code.or_else(|| text("FailureReason"));
    }
    if event.ip.is_empty() {
        for name in [
            "IpAddress",
            "ClientAddress",
            "SourceIp",
            "ClientIP",
            "IPAddress",
        ] {
            if let (true, Some(address)) = (event.ip.is_empty(), data.get(name)) {
                // IPv4 is written inside IPv6 where a service listens on both.
                add_address(event, address.strip_prefix("::ffff:").unwrap_or(address));
            }
        }
    }
    if event.session.is_none() {
        let names = if is_logon {
            [
                "TargetLogonId",
                "TargetLogonID",
                "LogonId",
                "SubjectLogonId",
            ]
        } else {
            ["SubjectLogonId", "LogonId", "LogonID", "TargetLogonId"]
        };
        event.session = names
            .iter()
            .find_map(|name| text(name).filter(|logon| logon != "0x0"));
    }
    // The text goes on with the fields again, one a line.
    if let Some(message) = event.message.take() {
        let first = message.lines().next().unwrap_or_default().trim();
        event.message = Some(first.to_owned()).filter(|m| !m.is_empty());
    }
    if event.message.is_none() && data.is_security() {
        event.message = ids::title(id).map(str::to_owned);
    }
}

/// The name alone: its domain is a field of its own, and people search `alice`, not `CORP\alice`.
fn bare(name: &str) -> String {
    let name = name.rsplit('\\').next().filter(|n| !n.is_empty());
    name.unwrap_or_default().to_owned()
}

/// Audited events say it in their keywords, by name or by number.
fn outcome(data: &Data<'_>) -> Outcome {
    let names = [
        "Keywords",
        "keywords",
        "KeywordsDisplayNames",
        "EventType",
        "Type",
    ];
    for said in names.iter().flat_map(|name| data.all(name)) {
        let said = said.to_ascii_lowercase().replace(['_', ' '], "");
        match said.as_str() {
            "auditsuccess"
            | "0x8020000000000000"
            | "-9214364837600034816"
            | "9232379236109516800" => {
                return Outcome::Success;
            }
            "auditfailure"
            | "0x8010000000000000"
            | "-9218868437227405312"
            | "9227875636482146304" => {
                return Outcome::Failure;
            }
            _ => {}
        }
    }
    Outcome::Unknown
}

/// `/Date(1583053200000)/`, as Windows PowerShell writes a time.
fn in_date_call(text: &str) -> Option<Timestamp> {
    let inner = text.trim_matches('/').strip_prefix("Date(")?;
    time_of(inner.strip_suffix(')')?)
}

/// The fields of an event by their own names, wherever they stand.
struct Data<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Data<'a> {
    fn of(leaves: &'a Attributes) -> Self {
        let mut fields = Vec::new();
        let mut named = None;
        for (path, value) in leaves.iter() {
            let name = path.rsplit('.').next().unwrap_or(path);
            match name {
                // `{"@Name": "SubjectUserName", "#text": "alice"}`
                "@Name" => named = Some(value.text),
                "#text" if named.is_some() => fields.extend(named.take().map(|n| (n, value.text))),
                // `-` is Windows' own word for nothing.
                _ if value.kind == Kind::Empty || matches!(value.text, "" | "-") => {}
                _ => fields.push((name, value.text)),
            }
        }
        Self(fields)
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, value)| *n == name && !matches!(*value, "" | "-"))
            .map(|(_, value)| *value)
    }

    fn is_security(&self) -> bool {
        ["Channel", "channel", "LogName", "log_name"]
            .iter()
            .any(|name| self.get(name) == Some("Security"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::layout::Layout;
    use crate::format::mapped::Mapped;
    use crate::format::{Context, Format, Frame};

    fn read(text: &str) -> Event {
        let frame = Frame {
            bytes: bytes::Bytes::copy_from_slice(text.as_bytes()),
            ..Frame::default()
        };
        let format = Mapped::new(&WINDOWS_EVENT, Layout::Lines);
        format.parse(&frame, &Context::default()).unwrap().remove(0)
    }

    /// One failed logon in every shape.
    #[test]
    fn shapes_of_one_event_read_alike() {
        let flat = r#"{"EventTime":"2026-03-01 09:00:00","Hostname":"dc1.corp.test","Keywords":-9218868437227405312,
            "EventType":"AUDIT_FAILURE","Severity":"ERROR","EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing",
            "Channel":"Security","Message":"An account failed to log on.\r\n\r\nSubject:","SubjectUserName":"DC1$",
            "TargetUserName":"alice","TargetDomainName":"CORP","Status":"0xc000006d","SubStatus":"0xc000006a",
            "IpAddress":"::ffff:203.0.113.7","TargetLogonId":"0x0"}"#;
        let xml = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},
            "EventID":4625,"Level":0,"Keywords":"0x8010000000000000","TimeCreated":{"#attributes":{"SystemTime":"2026-03-01T09:00:00Z"}},
            "Channel":"Security","Computer":"dc1.corp.test"},"EventData":{"SubjectUserName":"DC1$","TargetUserName":"alice",
            "TargetDomainName":"CORP","Status":"0xc000006d","SubStatus":"0xc000006a","IpAddress":"203.0.113.7","TargetLogonId":"0x0"}}}"##;
        let pairs = r##"{"Event":{"System":{"EventID":{"#text":"4625"},"TimeCreated":{"@SystemTime":"2026-03-01T09:00:00Z"},
            "Keywords":"0x8010000000000000","Channel":"Security","Computer":"dc1.corp.test"},"EventData":{"Data":[
            {"@Name":"SubjectUserName","#text":"-"},{"@Name":"TargetUserName","#text":"alice"},
            {"@Name":"TargetDomainName","#text":"CORP"},{"@Name":"SubStatus","#text":"0xc000006a"},
            {"@Name":"IpAddress","#text":"203.0.113.7"},{"@Name":"TargetLogonId","#text":"0x0"}]}}}"##;
        let beat = r#"{"@timestamp":"2026-03-01T09:00:00Z","winlog":{"channel":"Security","event_id":4625,
            "computer_name":"dc1.corp.test","keywords":["Audit Failure"],"event_data":{"SubjectUserName":"DC1$",
            "TargetUserName":"alice","TargetDomainName":"CORP","SubStatus":"0xc000006a","IpAddress":"203.0.113.7",
            "TargetLogonId":"0x0"}},"message":"An account failed to log on."}"#;
        for text in [flat, xml, pairs, beat] {
            let e = read(text);
            assert_eq!(e.ts, Timestamp::parse("2026-03-01T09:00:00Z"), "{text}");
            assert_eq!(e.actor.as_deref(), Some("alice"), "{text}");
            assert_eq!(e.action.as_deref(), Some("4625"), "{text}");
            assert_eq!(e.target.as_deref(), Some("dc1.corp.test"), "{text}");
            assert_eq!(e.outcome, Outcome::Failure, "{text}");
            assert_eq!(e.reason.as_deref(), Some("0xc000006a"), "{text}");
            assert_eq!(e.ip, ["203.0.113.7".parse::<std::net::IpAddr>().unwrap()]);
            assert_eq!(e.session, None, "{text}");
            assert_eq!(
                e.message.as_deref(),
                Some("An account failed to log on."),
                "{text}"
            );
        }
    }

    #[test]
    fn powershell_times_and_targets_of_other_events() {
        let e = read(
            r#"{"Id":7045,"LogName":"System","ProviderName":"Service Control Manager","MachineName":"w1","LevelDisplayName":"Information",
               "TimeCreated":"\/Date(1772355600500)\/","ServiceName":"evil","Message":"A service was installed in the system."}"#,
        );
        assert_eq!(e.ts, Timestamp::parse("2026-03-01T09:00:00.5Z"));
        assert_eq!(e.target.as_deref(), Some("evil"));
        assert_eq!(e.outcome, Outcome::Unknown);
        assert_eq!(e.severity, Some(Severity::Info));
    }
}
