//! MariaDB's `server_audit` plugin, also as Amazon RDS and Aurora write it, and through syslog: fields between commas, the
//! statement in single quotes.
//!
//! Nothing is quoted but the statement, so a user name may hold commas: fields are told from the end of the head.
//! Source: <https://mariadb.com/kb/en/mariadb-audit-plugin-log-format/>.

use super::framer::LineFramer;
use super::layout::{first_records, score_share};
use super::record::{add_address, brief, described, event_of, lossy, some, trimmed};
use super::sample::Sample;
use super::syslog::Header;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Kind, Outcome, Timestamp};

pub(super) struct MariaDb;

/// What is recorded of connections and statements; then of tables.
const STATEMENTS: [&str; 6] = [
    "CONNECT",
    "FAILED_CONNECT",
    "DISCONNECT",
    "CHANGE_USER",
    "PROXY_CONNECT",
    "QUERY",
];
const TABLES: [&str; 6] = ["READ", "WRITE", "CREATE", "ALTER", "RENAME", "DROP"];

/// A record's fields, as the documentation names them.
#[derive(Debug, Default, PartialEq)]
struct Record<'a> {
    serverhost: &'a str,
    username: &'a str,
    host: &'a str,
    connectionid: &'a str,
    queryid: &'a str,
    operation: &'a str,
    database: &'a str,
    object: String,
    retcode: &'a str,
}

impl<'a> Record<'a> {
    /// The fields after the time.
    fn read(text: &'a str) -> Option<Self> {
        STATEMENTS
            .iter()
            .chain(&TABLES)
            .flat_map(|operation| {
                let mark = format!(",{operation},");
                let places: Vec<usize> = text.match_indices(&mark).map(|(at, _)| at).collect();
                places.into_iter().map(move |at| (at, *operation))
            })
            .filter_map(|(at, operation)| Self::at(text, at, operation))
            // A user name may look like the head of a record, but then what follows does not look like its rest; in a
            // statement one may stand later.
            .min_by_key(|(at, _)| *at)
            .map(|(_, record)| record)
    }

    fn at(text: &'a str, at: usize, operation: &'a str) -> Option<(usize, Self)> {
        let number = |field: &str| !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit());
        let mut head = text[..at].rsplitn(4, ',');
        let (queryid, connectionid, host, first) =
            (head.next()?, head.next()?, head.next()?, head.next()?);
        let (serverhost, username) = first.split_once(',')?;
        let (database, rest) = text[at + operation.len() + 2..].split_once(',')?;
        let table = TABLES.contains(&operation);
        let (object, rest) = match rest.strip_prefix('\'') {
            Some(quoted) if operation == "QUERY" => unquoted(quoted)?,
            _ => {
                let (object, rest) = rest.split_once(',')?;
                (object.to_owned(), rest)
            }
        };
        // RDS adds fields of its own.
        let mut rest = rest.split(',');
        let retcode = rest.next()?;
        let sound = if table {
            retcode.is_empty()
        } else {
            number(retcode)
        } && rest.take(3).count() <= 2;
        (sound && number(queryid) && number(connectionid)).then(|| {
            let record = Self {
                serverhost,
                username,
                host: host.trim(),
                connectionid,
                queryid,
                operation,
                database,
                object,
                retcode,
            };
            (at, record)
        })
    }

    /// A whole line, with its time, and its syslog header if it came that way.
    fn of_line(line: &'a str, context: &Context) -> Option<(Option<Timestamp>, Self)> {
        let (time, rest) = line.split_once(',')?;
        if let Some(ts) = time_of(time, context) {
            return Some((Some(ts), Self::read(rest)?));
        }
        let header = Header::read(line, context)?;
        header
            .app
            .filter(|app| app.contains("server_auditing"))
            .and_then(|_| Some((header.ts, Self::read(header.message.trim_start())?)))
    }
}

/// `20260301 10:00:00` in the server's zone; Aurora: microseconds since 1970.
fn time_of(text: &str, context: &Context) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() == 17 && bytes[8] == b' ' && text.is_ascii() {
        let iso = format!(
            "{}-{}-{}T{}",
            &text[..4],
            &text[4..6],
            &text[6..8],
            &text[9..]
        );
        return Timestamp::parse(&iso).map(|clock| context.zone.instant(clock));
    }
    (bytes.len() >= 13).then(|| Timestamp::from_epoch_guess(text))?
}

/// Up to the quote that ends a statement, its escapes undone; and what follows the comma after it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut statement = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => {
                let rest = &text[at + 1..];
                return Some((statement, rest.strip_prefix(',')?));
            }
            '\\' => match chars.next()?.1 {
                'n' => statement.push('\n'),
                'r' => statement.push('\r'),
                't' => statement.push('\t'),
                c => statement.push(c),
            },
            c => statement.push(c),
        }
    }
    None
}

impl Format for MariaDb {
    fn id(&self) -> &str {
        "mariadb"
    }

    fn title(&self) -> &str {
        "MariaDB server_audit (also Amazon RDS and Aurora)"
    }

    fn version(&self) -> u32 {
        1
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        let lines = first_records(Box::new(LineFramer::new(0)), sample.bytes());
        score_share(&lines, 96, |line| {
            Record::of_line(&lossy(trimmed(&line.bytes)), &Context::default()).is_some()
        })
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(LineFramer::new(offset))
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let text = lossy(trimmed(&frame.bytes));
        let (ts, record) =
            Record::of_line(&text, context).ok_or("not a record of MariaDB's server_audit")?;
        let mut event = event_of(frame);
        event.ts = ts;
        event.actor = some(record.username);
        event.action = some(record.operation);
        let tables = TABLES.contains(&record.operation);
        event.target = match record.object.as_str() {
            "" => some(record.database),
            table if tables => Some(match record.database {
                "" => table.to_owned(),
                database => format!("{database}.{table}"),
            }),
            statement => Some(brief(statement)),
        };
        if record.operation == "QUERY" {
            event.message = some(&record.object);
        }
        (event.outcome, event.reason) = match (record.operation, record.retcode) {
            ("FAILED_CONNECT", code) => (Outcome::Failure, some(code)),
            (_, "") => (Outcome::Unknown, None),
            (_, "0") => (Outcome::Success, None),
            (_, code) => (Outcome::Failure, some(code)),
        };
        add_address(&mut event, record.host);
        event.host = some(record.serverhost);
        event.session = some(record.connectionid);
        event.attributes = leaves(&record);
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        described(&[
            ("ts", "timestamp, in the server's zone"),
            ("actor", "username"),
            ("action", "operation"),
            (
                "target",
                "database.object, the statement, else the database",
            ),
            ("outcome", "retcode (0: success); FAILED_CONNECT: failure"),
            ("reason", "retcode"),
            ("ip", "host"),
            ("host", "serverhost"),
            ("session", "connectionid"),
            ("message", "object, of a QUERY"),
        ])
    }
}

fn leaves(record: &Record<'_>) -> Attributes {
    let mut leaves = Attributes::with_capacity(record.object.len() + 128, 9);
    let mut put = |name: &str, value: &str, number: bool| {
        if !value.is_empty() {
            leaves.push(name, if number { Kind::Num } else { Kind::Str }, value);
        }
    };
    put("serverhost", record.serverhost, false);
    put("username", record.username, false);
    put("host", record.host, false);
    put("connectionid", record.connectionid, true);
    put("queryid", record.queryid, true);
    put("operation", record.operation, false);
    put("database", record.database, false);
    put("object", &record.object, false);
    put("retcode", record.retcode, true);
    leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(Option<Timestamp>, Record<'_>)> {
        Record::of_line(line, &Context::default())
    }

    #[test]
    fn commas_in_names_and_statements_do_not_move_the_fields() {
        for (line, user, host, operation, object, code) in [
            (
                r"20260301 10:00:00,db,root,localhost,3,5,QUERY,shop,'insert into t values (\'a,b\',0)',0",
                "root",
                "localhost",
                "QUERY",
                "insert into t values ('a,b',0)",
                "0",
            ),
            (
                "20260301 10:00:00,db,mal,1,2,CONNECT,lory,10.0.0.1,7,0,FAILED_CONNECT,,,1045",
                "mal,1,2,CONNECT,lory",
                "10.0.0.1",
                "FAILED_CONNECT",
                "",
                "1045",
            ),
            (
                r"20260301 10:00:00,db,root,localhost,3,5,QUERY,shop,'select \'x,y,1,2,CONNECT,,,0\'',1064",
                "root",
                "localhost",
                "QUERY",
                "select 'x,y,1,2,CONNECT,,,0'",
                "1064",
            ),
            (
                "20260301 10:00:00,db,,localhost,3,0,DISCONNECT,,,0,SSL,x",
                "",
                "localhost",
                "DISCONNECT",
                "",
                "0",
            ),
            (
                "1772359200000000,db,root,10.0.0.1,3,5,READ,shop,accounts,",
                "root",
                "10.0.0.1",
                "READ",
                "accounts",
                "",
            ),
        ] {
            let (ts, record) = read(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(ts, Timestamp::parse("2026-03-01T10:00:00Z"));
            let seen = (
                record.username,
                record.host,
                record.operation,
                record.object.as_str(),
                record.retcode,
            );
            assert_eq!(seen, (user, host, operation, object, code), "{line}");
        }
    }

    #[test]
    fn syslog_may_have_carried_it() {
        let line = "Mar  1 10:00:00 relay mysql-server_auditing: db,root,localhost,3,1,QUERY,,'show databases',0";
        let (_, record) = read(line).unwrap();
        assert_eq!(
            (record.serverhost, record.object.as_str()),
            ("db", "show databases")
        );
        assert_eq!(
            read("Mar  1 10:00:00 relay app: db,root,localhost,3,1,QUERY,,'x',0"),
            None
        );
    }

    #[test]
    fn other_tables_are_not_taken() {
        for line in [
            "a,b,c",
            "20260301 10:00:00,a,b,c,1,2,LOOK,,,0",
            "",
            "20260301 10:00:00,a,b,c,x,2,QUERY,,'s',0",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
