//! PostgreSQL's plain log: a prefix that every server sets for itself (`log_line_prefix`), a severity, two blanks, the
//! message; further lines begin with a TAB. `DETAIL`, `STATEMENT` and their kin have lines of their own, with the same
//! prefix, right after the message they belong to.
//!
//! Source: <https://www.postgresql.org/docs/current/runtime-config-logging.html>.

use crate::event::Timestamp;
use crate::format::Context;
use crate::format::framer::LineKind;
use crate::format::record::address;
use crate::format::zone_names::time_with_zone_name;

/// The longest prefix, severity included, that is looked at.
const PREFIX: usize = 512;

const SEVERITIES: [&str; 13] = [
    "LOG", "ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO", "DEBUG", "DEBUG1", "DEBUG2",
    "DEBUG3", "DEBUG4", "DEBUG5",
];

/// What belongs to the message before.
const ADDITIONS: [&str; 7] = [
    "DETAIL",
    "HINT",
    "CONTEXT",
    "STATEMENT",
    "QUERY",
    "LOCATION",
    "BACKTRACE",
];

/// A line cut at its severity.
pub(super) struct Cut<'a> {
    pub(super) prefix: &'a str,
    pub(super) word: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Cut<'a> {
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let head = &line.as_bytes()[..line.len().min(PREFIX)];
        memchr::memchr_iter(b':', head).find_map(|colon| {
            let before = &head[..colon];
            let length = before
                .iter()
                .rev()
                .take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                .count();
            let start = colon - length;
            let word = &line[start..colon];
            let apart = start == 0 || !before[start - 1].is_ascii_alphanumeric();
            let text = line[colon + 1..].strip_prefix(' ')?;
            let known = SEVERITIES.contains(&word) || ADDITIONS.contains(&word);
            (known && apart).then(|| Self {
                prefix: &line[..start],
                word,
                text: text.strip_prefix(' ').unwrap_or(text),
            })
        })
    }

    fn is_addition(&self) -> bool {
        ADDITIONS.contains(&self.word)
    }

    /// Whether nothing but PostgreSQL writes so: two blanks, or RDS's prefix.
    pub(super) fn is_certain(&self) -> bool {
        let prefix = self.prefix;
        let process = prefix.contains('[') && prefix.contains(']');
        let begun =
            prefix.is_empty() || prefix.starts_with('[') || begins_with_time(prefix.as_bytes());
        let blanks = self.text.as_ptr() as usize - self.word.as_ptr() as usize - self.word.len();
        begun
            && (blanks == 3 && (process || prefix.is_empty() || prefix.len() > 24)
                || process && prefix.ends_with(":"))
    }
}

/// `2026-03-01 10:00:00`, also with a `T`.
pub(super) fn begins_with_time(line: &[u8]) -> bool {
    line.len() >= 19
        && line[..19].iter().enumerate().all(|(at, b)| match at {
            4 | 7 => *b == b'-',
            10 => matches!(b, b' ' | b'T'),
            13 | 16 => *b == b':',
            _ => b.is_ascii_digit(),
        })
}

/// Where the text begins of a line that a transport cut out of a longer message (`[19-3] <TAB>text`, `[921320-2]    text`).
fn transported(line: &str) -> Option<&str> {
    let head = line.get(..line.len().min(PREFIX))?;
    let (prefix, _) = head.split_once("] \t").or_else(|| head.split_once("]  "))?;
    let (_, numbers) = prefix.rsplit_once('[')?;
    let (_, part) = numbers.split_once('-')?;
    (part.parse::<u32>().ok()? > 1).then(|| &line[prefix.len() + 3..])
}

/// What a line is to the one before it.
pub(super) fn kind(line: &[u8]) -> LineKind {
    if line.starts_with(b"\t") || line.starts_with(b" ") {
        return LineKind::Continues;
    }
    let mut end = line.len().min(PREFIX * 2);
    let head = match std::str::from_utf8(&line[..end]) {
        Ok(head) => head,
        Err(error) => {
            end = error.valid_up_to();
            std::str::from_utf8(&line[..end]).unwrap_or_default()
        }
    };
    match Cut::of(head) {
        Some(cut) if cut.is_addition() => LineKind::Continues,
        Some(_) => LineKind::Begins,
        None if transported(head).is_some() => LineKind::Continues,
        None if begins_with_time(line) => LineKind::Begins,
        None => LineKind::Alone,
    }
}

/// A message with what was added to it.
pub(super) struct Message<'a> {
    pub(super) prefix: &'a str,
    pub(super) severity: &'a str,
    pub(super) text: String,
    /// (`detail`, …) in the order of the log.
    pub(super) additions: Vec<(String, String)>,
}

impl<'a> Message<'a> {
    /// The lines of one record.
    pub(super) fn read(record: &'a str) -> Option<Self> {
        let mut lines = record.lines();
        let first = Cut::of(lines.next()?)?;
        let mut message = Self {
            prefix: first.prefix,
            severity: first.word,
            text: first.text.to_owned(),
            additions: Vec::new(),
        };
        for line in lines {
            let indented = line.starts_with(['\t', ' ']);
            if let Some(cut) = Cut::of(line).filter(|cut| !indented && cut.is_addition()) {
                let name = cut.word.to_ascii_lowercase();
                message.additions.push((name, cut.text.to_owned()));
                continue;
            }
            let last = match message.additions.last_mut() {
                Some((_, text)) => text,
                None => &mut message.text,
            };
            last.push('\n');
            last.push_str(further(line));
        }
        // What the other logs have in a column of its own.
        if let Some((text, position)) = message.text.rsplit_once(" at character ")
            && position.bytes().all(|b| b.is_ascii_digit())
        {
            let position = position.to_owned();
            message.text.truncate(text.len());
            message.additions.push(("query_pos".into(), position));
        }
        Some(message)
    }
}

/// A further line without what marks it as one.
fn further(line: &str) -> &str {
    let expanded = || line.strip_prefix("        ");
    line.strip_prefix('\t')
        .or_else(expanded)
        .or_else(|| transported(line))
        .unwrap_or(line)
}

/// What a prefix says, as far as it can be told without knowing how it was set. Names are those of the columns of the CSV
/// log.
#[derive(Default, Debug, PartialEq)]
pub(super) struct Prefix<'a> {
    pub(super) ts: Option<Timestamp>,
    pub(super) log_time: &'a str,
    pub(super) user: &'a str,
    pub(super) database: &'a str,
    pub(super) process: &'a str,
    pub(super) client: &'a str,
    pub(super) session: &'a str,
    pub(super) line: &'a str,
    pub(super) application: &'a str,
    pub(super) state: &'a str,
    pub(super) command: &'a str,
}

impl<'a> Prefix<'a> {
    pub(super) fn read(text: &'a str, severity: &str, context: &Context) -> Self {
        let mut prefix = Self::default();
        let mut rest = text;
        if let Some((ts, after)) = time_with_zone_name(text, context) {
            prefix.ts = Some(ts);
            prefix.log_time = &text[..text.len() - after.len()];
            rest = after;
        } else if let Some((epoch, after)) = text.split_once([' ', ':'])
            && let Some(ts) = Timestamp::from_epoch_guess(epoch)
        {
            prefix.ts = Some(ts);
            prefix.log_time = epoch;
            rest = after;
        }
        let named = named(rest);
        let before = named.first().map_or(rest.len(), |(at, ..)| *at);
        for (_, key, value) in named {
            if let Some(place) = prefix.place(key) {
                *place = known(value);
            }
        }
        for token in rest[..before].split([' ', ',', '|', ';']) {
            if prefix.state.is_empty() && !prefix.process.is_empty() && is_state(token, severity) {
                prefix.state = token;
            } else {
                prefix.token(token);
            }
        }
        prefix
    }

    fn place(&mut self, key: &str) -> Option<&mut &'a str> {
        Some(match key.to_ascii_lowercase().as_str() {
            "user" | "u" | "usr" | "username" => &mut self.user,
            "db" | "d" | "database" | "dbname" => &mut self.database,
            "app" | "a" | "application" | "application_name" => &mut self.application,
            "client" | "host" | "h" | "remote" | "r" | "from" | "ip" => &mut self.client,
            "pid" | "p" | "process" => &mut self.process,
            "session" | "sess" | "sid" | "c" => &mut self.session,
            "line" | "l" => &mut self.line,
            "sql_error_code" | "state" | "sqlstate" | "e" => &mut self.state,
            "cmd" | "command" | "tag" | "i" => &mut self.command,
            _ => return None,
        })
    }

    /// A part without a name: told by its shape.
    fn token(&mut self, token: &'a str) {
        // RDS: `:10.0.0.1(5432):user@db:[pid]:`
        if let Some(at) = token.find('@') {
            let start = token[..at].rfind([':', ')', ']']).map_or(0, |i| i + 1);
            let length = token[at + 1..].find([':', '[', '(']);
            let end = length.map_or(token.len(), |i| at + 1 + i);
            self.user = known(&token[start..at]);
            self.database = known(&token[at + 1..end]);
            let before = &token[..start];
            self.client_of(before);
            return self.brackets(&token[end..]);
        }
        let bare = token.trim_matches([':', '-']);
        if is_session(bare) {
            self.session = bare;
        } else if !token.contains('[') || bare == "[local]" {
            self.client_of(bare);
        }
        self.brackets(token);
    }

    fn client_of(&mut self, text: &'a str) {
        let text = text.trim_matches(':');
        let bare = text.split('(').next().unwrap_or_default();
        if self.client.is_empty() && (address(bare).is_some() || bare == "[local]") {
            self.client = bare;
        }
    }

    /// `[PID]`, `[PID-LINE]`, `[LINE-1]` after a PID, `app[postgres.PID]`.
    fn brackets(&mut self, token: &'a str) {
        let Some((inner, _)) = token.split_once('[').and_then(|(_, r)| r.split_once(']')) else {
            return;
        };
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match inner.split_once('-') {
            Some((first, second)) if number(first) && number(second) => {
                if self.process.is_empty() {
                    (self.process, self.line) = (first, second);
                } else {
                    self.line = first;
                }
            }
            _ => {
                let process = inner.rsplit('.').next().unwrap_or_default();
                if self.process.is_empty() && number(process) {
                    self.process = process;
                }
            }
        }
    }

    /// Under the names of the CSV log's columns.
    pub(super) fn columns(&self) -> [(&'static str, &'a str); 10] {
        [
            ("log_time", self.log_time),
            ("user_name", self.user),
            ("database_name", self.database),
            ("process_id", self.process),
            ("connection_from", self.client),
            ("session_id", self.session),
            ("session_line_num", self.line),
            ("command_tag", self.command),
            ("sql_state_code", self.state),
            ("application_name", self.application),
        ]
    }
}

/// `key=value` parts with the offset at which each begins. A value goes on to the next key: application names hold blanks.
fn named(text: &str) -> Vec<(usize, &str, &str)> {
    let mut keys: Vec<(usize, usize, usize)> = Vec::new();
    for (equals, _) in text.match_indices('=') {
        let key_end = text[..equals].trim_end_matches(' ').len();
        let start = text[..key_end]
            .trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
            .len();
        let begins = text[start..].starts_with(|c: char| c.is_ascii_alphabetic());
        if begins {
            keys.push((start, key_end, equals + 1));
        }
    }
    keys.iter()
        .enumerate()
        .map(|(n, (start, end, value))| {
            let next = keys.get(n + 1).map_or(text.len(), |(next, ..)| *next);
            let value = text.get(*value..next).unwrap_or_default();
            let value = value.trim_matches([' ', ',', ';', '|', ':']);
            (*start, &text[*start..*end], value)
        })
        .collect()
}

/// What stands for nothing is left out.
fn known(value: &str) -> &str {
    match value {
        "[unknown]" | "-" => "",
        value => value,
    }
}

/// `5d826cc7.40`: start time and process id in hex.
fn is_session(text: &str) -> bool {
    let hex = |part: &str, least: usize| {
        (least..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit())
    };
    text.split_once('.')
        .is_some_and(|(start, process)| hex(start, 7) && hex(process, 1))
}

/// An SQLSTATE that this severity can have. Mere digits may be anything, so its class is looked at.
fn is_state(text: &str, severity: &str) -> bool {
    const ERRORS: [&str; 24] = [
        "03", "08", "09", "20", "21", "22", "23", "24", "25", "26", "27", "28", "34", "38", "39",
        "40", "42", "44", "53", "54", "55", "57", "58", "72",
    ];
    let shape = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    if text.len() != 5 || !text.bytes().all(shape) {
        return false;
    }
    let letters = text.bytes().any(|b| b.is_ascii_uppercase());
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    match severity {
        "ERROR" | "FATAL" | "PANIC" => digits && (letters || ERRORS.contains(&&text[..2])),
        "WARNING" => text.starts_with("01"),
        _ => text == "00000",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix<'_> {
        Prefix::read(text, "ERROR", &Context::default())
    }

    #[test]
    fn the_usual_prefixes_are_understood() {
        for (text, user, database, process, client, session) in [
            ("2026-03-01 10:00:00.5 UTC [12] ", "", "", "12", "", ""),
            (
                "2026-03-01 10:00:00.5 UTC [12] bob@shop ",
                "bob",
                "shop",
                "12",
                "",
                "",
            ),
            (
                "2026-03-01 10:00:00 UTC [12]: [3-1] user=bob,db=shop,app=my app,client=10.0.0.1 ",
                "bob",
                "shop",
                "12",
                "10.0.0.1",
                "",
            ),
            (
                "2026-03-01 10:00:00 UTC:10.0.0.1(5432):bob@shop:[12]:",
                "bob",
                "shop",
                "12",
                "10.0.0.1",
                "",
            ),
            (
                "2026-03-01 10:00:00 UTC:2001:db8::1(5432):bob@shop:[12]:",
                "bob",
                "shop",
                "12",
                "2001:db8::1",
                "",
            ),
            (
                "2026-03-01 10:00:00 UTC-5d826cc7.40-",
                "",
                "",
                "",
                "",
                "5d826cc7.40",
            ),
            (
                "[24667]: [1-1] db=[unknown],user=[unknown] ",
                "",
                "",
                "24667",
                "",
                "",
            ),
            (
                "2026-03-01 10:00:00.1 CET [203851-1] bob@shop ",
                "bob",
                "shop",
                "203851",
                "",
                "",
            ),
            (
                "2026-03-01T10:00:00+00:00 app[postgres.4882]: [GREEN] [15-1]  sql_error_code = 40P01 ",
                "",
                "",
                "4882",
                "",
                "",
            ),
        ] {
            let p = prefix(text);
            let seen = (p.user, p.database, p.process, p.client, p.session);
            assert_eq!(seen, (user, database, process, client, session), "{text}");
        }
        let p = prefix(
            "2026-03-01 10:00:00.5 UTC [12] 6b07965d.6d17 4 42501 user=,db=,app=a b,client= ",
        );
        assert_eq!(
            (p.state, p.session, p.application),
            ("42501", "6b07965d.6d17", "a b")
        );
        assert_eq!(prefix("x [15-1]  sql_error_code = 40P01 ").state, "40P01");
    }

    #[test]
    fn further_lines_and_additions_belong_to_the_message() {
        for (line, want) in [
            ("2026-03-01 10:00:00 UTC [1] LOG:  x", LineKind::Begins),
            (
                "2026-03-01 10:00:00 UTC [1] DETAIL:  x",
                LineKind::Continues,
            ),
            ("\tmore ERROR:  x", LineKind::Continues),
            (
                "2026-03-01T10:00:00Z app[postgres.1]: [G] [19-3] \tmore",
                LineKind::Continues,
            ),
            (
                "2026-03-01T10:00:00Z app[postgres.1]: [G] [19-1] \tmore",
                LineKind::Begins,
            ),
            ("LOG:  x", LineKind::Begins),
            ("pg_ctl: could not start server", LineKind::Alone),
        ] {
            assert_eq!(kind(line.as_bytes()), want, "{line}");
        }
        let record = "2026-03-01 10:00:00 UTC [1] ERROR:  a\n\tb at character 7\n2026-03-01 10:00:00 UTC [1] STATEMENT:  select\n\t\t1";
        let message = Message::read(record).unwrap();
        assert_eq!(message.text, "a\nb");
        let additions: Vec<_> = message
            .additions
            .iter()
            .map(|(n, t)| (n.as_str(), t.as_str()))
            .collect();
        assert_eq!(
            additions,
            [("statement", "select\n\t1"), ("query_pos", "7")]
        );
    }
}
