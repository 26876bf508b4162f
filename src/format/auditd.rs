//! The Linux audit daemon's log: the records of one (node, time, serial) are one event.
//!
//! Attributes have the records' own plain keys, so that `type:`, `res:`, `exe:`, `a1:`, `acct:` mean what they say
//! in the log; a key that several records have is multi-valued. Hex is taken off; `(null)`, `(none)`, `?` and the
//! unset id 4294967295 are kept as empty values, absent for queries. `syscall` and `arch` hold names, with the
//! numbers under `syscall_nr` and `arch_nr`; a SOCKADDR's address is added as `saddr_fam`, `laddr`, `lport`, `path`.

mod fields;
mod sockaddr;
mod syscalls;

use super::framer::{AUDITD_SPAN, AuditdFramer, EventKey, LineFramer, event_key};
use super::layout::{first_records, score_share};
use super::record::{add_address, add_note, described, event_of, lossy};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Kind, Outcome, Timestamp};
use fields::{Field, fields, is_argument};
use sockaddr::SocketAddress;

pub(super) struct Auditd;

impl Format for Auditd {
    fn id(&self) -> &str {
        "auditd"
    }

    fn title(&self) -> &str {
        "Linux audit daemon"
    }

    fn version(&self) -> u32 {
        3
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        let lines = first_records(Box::new(LineFramer::new(0)), sample.bytes());
        score_share(&lines, 98, |line| event_key(&line.bytes).is_some())
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(AuditdFramer::new(offset))
    }

    fn lookback(&self) -> u64 {
        AUDITD_SPAN
    }

    fn parse(&self, frame: &Frame, _: &Context) -> Result<Vec<Event>, String> {
        let mut event = event_of(frame);
        let mut known = Known::default();
        let mut attributes =
            Attributes::with_capacity(frame.bytes.len() * 5 / 4, frame.bytes.len() / 10);
        let mut first = None;
        for line in frame.bytes.split(|b| *b == b'\n') {
            match event_key(line) {
                Some(key) => {
                    first.get_or_insert(key);
                    known.record(&key, &mut event, &mut attributes);
                }
                None if line.trim_ascii().is_empty() => {}
                None => add_note(&mut event, "a line of it is no audit record"),
            }
        }
        let Some(first) = first else {
            return Err("no \"type=… msg=audit(time:serial)\": not an audit record".into());
        };
        let (secs, nanos, serial) = first.time().ok_or("no time")?;
        event.ts = Timestamp::from_secs(secs, nanos);
        attributes.push("serial", Kind::Num, &serial.to_string());
        if !first.node.is_empty() {
            let node = lossy(first.node);
            attributes.push_str("node", &node);
            event.host = Some(node.into_owned());
        }
        event.attributes = attributes;
        known.fill(&lossy(first.kind), &mut event);
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        described(&[
            ("ts", "msg=audit(seconds.milliseconds:serial)"),
            (
                "actor",
                "AUID; acct where it names who logs in; auid; UID; uid",
            ),
            ("action", "syscall by name, else type"),
            (
                "target",
                "PATH name (of the program for execve, else the last NORMAL, CREATE or DELETE item); laddr:lport; cmd; unit; acct; path; exe",
            ),
            ("outcome", "success, else res; an AVC denial is a failure"),
            ("reason", "exit, by name where it is an error"),
            ("ip", "addr, SOCKADDR saddr"),
            ("host", "node"),
            ("session", "ses"),
            ("message", "proctitle, else the EXECVE arguments, else cmd"),
        ])
    }
}

/// What the records of an event say that the normalised fields need.
#[derive(Default)]
struct Known {
    syscall: Option<String>,
    success: Option<bool>,
    result: Option<bool>,
    denied: bool,
    exit: Option<i64>,
    auid: Option<String>,
    auid_name: Option<String>,
    uid: Option<String>,
    uid_name: Option<String>,
    account: Option<String>,
    id_name: Option<String>,
    exe: Option<String>,
    command: Option<String>,
    unit: Option<String>,
    path: Option<String>,
    cwd: Option<String>,
    socket: Option<String>,
    session: Option<String>,
    title: Option<String>,
    arguments: Vec<String>,
    items: Vec<PathItem>,
}

#[derive(Default)]
struct PathItem {
    name: Option<String>,
    kind: String,
}

impl Known {
    /// Takes in one record: its attributes, and what they mean.
    fn record(&mut self, key: &EventKey<'_>, event: &mut Event, attributes: &mut Attributes) {
        let kind = lossy(key.kind);
        attributes.push_str("type", &kind);
        let fields = fields(key.body);
        let arch = fields
            .iter()
            .find(|f| f.key == "arch")
            .map(|f| lossy(f.raw));
        let mut item = PathItem::default();
        for field in &fields {
            self.field(&kind, field, arch.as_deref(), &mut item, event, attributes);
        }
        if kind == "PATH" {
            self.items.push(item);
        }
    }

    fn field(
        &mut self,
        kind: &str,
        field: &Field<'_>,
        arch: Option<&str>,
        item: &mut PathItem,
        event: &mut Event,
        attributes: &mut Attributes,
    ) {
        let key = field.key.as_ref();
        if key.is_empty() {
            match field.raw {
                b"denied" => self.denied = true,
                b"granted" | b"avc:" | b"for" => {}
                other => return attributes.push_str("text", &lossy(other)),
            }
            if matches!(field.raw, b"denied" | b"granted") {
                attributes.push_str("seresult", &lossy(field.raw));
            }
            return;
        }
        let text = field.text(kind == "EXECVE");
        if field.is_absent() || (text == UNSET && is_id(key)) {
            attributes.push(key, Kind::Empty, &text);
            return;
        }
        match (kind, key) {
            ("SYSCALL", "syscall") => {
                let name = arch.and_then(|arch| syscalls::syscall(arch, &text));
                attributes.push_str("syscall", name.unwrap_or(&text));
                attributes.push("syscall_nr", Kind::Num, &text);
                self.syscall = Some(name.unwrap_or(&text).to_owned());
                return;
            }
            (_, "arch") => {
                attributes.push_str("arch", syscalls::architecture(&text).unwrap_or(&text));
                return attributes.push_str("arch_nr", &text);
            }
            (_, "key") => {
                // Several rule keys are joined by 0x01.
                for part in text.split('\u{1}') {
                    attributes.push_str("key", part);
                }
                return;
            }
            _ => attributes.push(key, kind_of(field, &text), &text),
        }
        let set = |slot: &mut Option<String>| {
            slot.get_or_insert_with(|| text.to_string());
        };
        match (kind, key) {
            (_, "success") => self.success = result(&text),
            (_, "res") => self.result = result(&text),
            (_, "exit") => self.exit = text.parse().ok(),
            (_, "SYSCALL") => self.syscall = Some(text.to_string()),
            (_, "auid") => set(&mut self.auid),
            (_, "AUID") if text != "unset" => set(&mut self.auid_name),
            (_, "uid") => set(&mut self.uid),
            (_, "UID") if text != "unset" => set(&mut self.uid_name),
            (_, "acct") => set(&mut self.account),
            // The name of `id`, which the account tools write in place of `acct`.
            (_, "ID") if text != "unset" && !text.starts_with("unknown(") => set(&mut self.id_name),
            (_, "exe") => set(&mut self.exe),
            (_, "cmd") => set(&mut self.command),
            (_, "unit") => set(&mut self.unit),
            (_, "ses") => set(&mut self.session),
            (_, "addr") => add_address(event, &text),
            (_, "path") => set(&mut self.path),
            ("CWD", "cwd") => set(&mut self.cwd),
            ("PROCTITLE", "proctitle") => set(&mut self.title),
            ("EXECVE", _) if is_argument(key) => self.argument(key, &text),
            ("PATH", "name") => item.name = Some(text.into_owned()),
            ("PATH", "nametype") => item.kind = text.into_owned(),
            ("SOCKADDR", "saddr") => self.socket_address(field.raw, event, attributes),
            _ => {}
        }
    }

    /// A long argument comes in pieces: `a1[0]`, `a1[1]`, …
    fn argument(&mut self, key: &str, text: &str) {
        match self.arguments.last_mut() {
            Some(last) if key.contains('[') && !key.ends_with("[0]") => last.push_str(text),
            _ => self.arguments.push(text.to_owned()),
        }
    }

    fn socket_address(&mut self, saddr: &[u8], event: &mut Event, attributes: &mut Attributes) {
        match sockaddr::decode(saddr) {
            Some(SocketAddress::Inet(ip, port)) => {
                attributes.push_str("saddr_fam", if ip.is_ipv4() { "inet" } else { "inet6" });
                attributes.push_str("laddr", &ip.to_string());
                attributes.push("lport", Kind::Num, &port.to_string());
                self.socket = Some(std::net::SocketAddr::new(ip, port).to_string());
                if !event.ip.contains(&ip) {
                    event.ip.push(ip);
                }
            }
            Some(SocketAddress::Unix(path)) => {
                attributes.push_str("saddr_fam", "local");
                attributes.push_str("path", &path);
                self.socket = Some(path);
            }
            None => {}
        }
    }

    fn fill(mut self, first_kind: &str, event: &mut Event) {
        event.outcome = match self.success.or(self.result) {
            Some(true) => Outcome::Success,
            Some(false) => Outcome::Failure,
            None if self.denied => Outcome::Failure,
            None => Outcome::Unknown,
        };
        if event.outcome == Outcome::Failure {
            event.reason = self
                .exit
                .map(|exit| error_name(exit).unwrap_or(exit.to_string()));
        }
        event.actor = self.actor(first_kind);
        event.target = self.target(event.actor.as_deref());
        event.action = Some(self.syscall.take().unwrap_or_else(|| first_kind.to_owned()));
        event.session = self.session.take();
        let arguments = (!self.arguments.is_empty()).then(|| self.arguments.join(" "));
        event.message = self.title.or(arguments).or(self.command);
    }

    /// The login user; names come from the record only.
    fn actor(&self, kind: &str) -> Option<String> {
        let account = self.account.clone().filter(|_| self.account_logs_in(kind));
        self.auid_name
            .clone()
            .or(account)
            .or_else(|| self.auid.clone())
            .or_else(|| self.uid_name.clone())
            .or_else(|| self.uid.clone())
    }

    /// Whether `acct` is who acts: it is at a login, but not where one user becomes or changes another.
    fn account_logs_in(&self, kind: &str) -> bool {
        const LOGINS: [&str; 11] = [
            "USER_AUTH",
            "USER_ACCT",
            "USER_LOGIN",
            "USER_LOGOUT",
            "USER_START",
            "USER_END",
            "USER_ERR",
            "USER_CHAUTHTOK",
            "CRED_ACQ",
            "CRED_DISP",
            "CRED_REFR",
        ];
        const SWITCHERS: [&str; 5] = ["sudo", "su", "pkexec", "runuser", "doas"];
        let program = self.exe.as_deref().and_then(|e| e.rsplit('/').next());
        LOGINS.contains(&kind) && !program.is_some_and(|p| SWITCHERS.contains(&p))
    }

    fn target(&self, actor: Option<&str>) -> Option<String> {
        let executes = matches!(self.syscall.as_deref(), Some("execve" | "execveat"));
        let touched =
            |item: &&PathItem| matches!(item.kind.as_str(), "NORMAL" | "CREATE" | "DELETE");
        let item = if executes {
            self.items.first()
        } else {
            self.items.iter().rev().find(touched)
        };
        let file = item
            .and_then(|item| item.name.as_deref())
            .map(|name| self.absolute(name));
        let account = self.account.clone().filter(|a| Some(a.as_str()) != actor);
        file.or_else(|| self.socket.clone())
            .or_else(|| self.command.clone())
            .or_else(|| self.unit.clone())
            .or(account)
            .or_else(|| self.id_name.clone())
            .or_else(|| self.path.clone())
            .or_else(|| self.exe.clone())
            .or_else(|| self.account.clone())
    }

    fn absolute(&self, name: &str) -> String {
        match &self.cwd {
            Some(cwd) if !name.starts_with('/') => {
                let name = name.strip_prefix("./").unwrap_or(name);
                format!("{}/{name}", cwd.trim_end_matches('/'))
            }
            _ => name.to_owned(),
        }
    }
}

/// The id of nobody: -1 as an unsigned 32-bit number.
const UNSET: &str = "4294967295";

fn is_id(key: &str) -> bool {
    key.ends_with("uid") || key.ends_with("gid") || key.ends_with("ses")
}

fn kind_of(field: &Field<'_>, text: &str) -> Kind {
    let number = !field.quoted
        && !text.is_empty()
        && text.len() <= 20
        && (text == "0" || !text.starts_with('0'))
        && text.bytes().all(|b| b.is_ascii_digit());
    if number { Kind::Num } else { Kind::Str }
}

fn result(text: &str) -> Option<bool> {
    match text {
        "yes" | "success" | "1" => Some(true),
        "no" | "failed" | "0" => Some(false),
        _ => None,
    }
}

/// The errors an audited call usually ends in (asm-generic/errno-base.h and errno.h).
fn error_name(exit: i64) -> Option<String> {
    const NAMES: [(i64, &str); 24] = [
        (1, "EPERM"),
        (2, "ENOENT"),
        (3, "ESRCH"),
        (4, "EINTR"),
        (5, "EIO"),
        (6, "ENXIO"),
        (8, "ENOEXEC"),
        (9, "EBADF"),
        (11, "EAGAIN"),
        (12, "ENOMEM"),
        (13, "EACCES"),
        (14, "EFAULT"),
        (16, "EBUSY"),
        (17, "EEXIST"),
        (20, "ENOTDIR"),
        (21, "EISDIR"),
        (22, "EINVAL"),
        (26, "ETXTBSY"),
        (28, "ENOSPC"),
        (30, "EROFS"),
        (39, "ENOTEMPTY"),
        (110, "ETIMEDOUT"),
        (111, "ECONNREFUSED"),
        (115, "EINPROGRESS"),
    ];
    let found = NAMES.iter().find(|(number, _)| exit == -number);
    found.map(|(_, name)| (*name).to_owned())
}
