//! Records of the Linux audit daemon on the bastion, enriched (`log_format = ENRICHED`).

use std::fmt::Write;

use crate::event::Timestamp;
use crate::event::time::{MINUTE, SECOND};

use super::cast::OPERATORS;
use super::random::Random;

pub(super) const FIRST_SERIAL: u64 = 48_211;
const NODE: &str = "bastion-1";
/// The kernel's word for "not set", for login uids and sessions.
const UNSET: u32 = u32::MAX;

/// One audit event.
pub(super) struct Entry {
    pid: u64,
    session: u32,
    kind: Kind,
}

enum Kind {
    /// A message of a program (sshd, sudo, cron): record type, login uid and name, and its text.
    Message {
        record: &'static str,
        login: Option<(&'static str, u32)>,
        uid: (&'static str, u32),
        text: String,
    },
    /// A login uid was set.
    Login { name: &'static str, uid: u32 },
    /// A program was run: who logged in, who it runs as, where, and its words.
    Exec {
        login: (&'static str, u32),
        uid: (&'static str, u32),
        cwd: &'static str,
        exe: &'static str,
        words: Vec<String>,
    },
}

impl Entry {
    /// The event's records, one a line.
    pub(super) fn render(&self, ts: Timestamp, serial: u64) -> String {
        let millis = ts.0.div_euclid(1_000_000);
        let stamp = format!(
            "msg=audit({}.{:03}:{serial})",
            millis.div_euclid(1000),
            millis.rem_euclid(1000)
        );
        let (pid, session) = (self.pid, self.session);
        let mut out = String::new();
        let mut line = |record: &str, body: String| {
            // Writing to a string does not fail.
            let _ = writeln!(out, "node={NODE} type={record} {stamp}: {body}");
        };
        match &self.kind {
            Kind::Message {
                record,
                login,
                uid,
                text,
            } => {
                let (login, auid) = login.unwrap_or(("unset", UNSET));
                line(
                    record,
                    format!(
                        "pid={pid} uid={} auid={auid} ses={session} msg='{text}'\u{1d}UID=\"{}\" AUID=\"{login}\"",
                        uid.1, uid.0
                    ),
                );
            }
            Kind::Login { name, uid } => line(
                "LOGIN",
                format!(
                    "pid={pid} uid=0 old-auid={UNSET} auid={uid} tty=(none) old-ses={UNSET} ses={session} res=1\u{1d}UID=\"root\" OLD-AUID=\"unset\" AUID=\"{name}\""
                ),
            ),
            Kind::Exec {
                login,
                uid,
                cwd,
                exe,
                words,
            } => {
                let name = exe.rsplit('/').next().unwrap_or(exe);
                let ids = [
                    "uid", "gid", "euid", "suid", "fsuid", "egid", "sgid", "fsgid",
                ]
                .map(|id| format!("{id}={}", uid.1))
                .join(" ");
                line(
                    "SYSCALL",
                    format!(
                        "arch=c000003e syscall=59 success=yes exit=0 a0=55d1c0a3e810 a1=55d1c0a42480 a2=55d1c0a45020 a3=8 items=2 ppid={} pid={pid} auid={} {ids} tty=pts0 ses={session} comm=\"{name}\" exe=\"{exe}\" key=\"exec\"\u{1d}ARCH=x86_64 SYSCALL=execve AUID=\"{}\" UID=\"{}\" EUID=\"{}\"",
                        pid - 1,
                        login.1,
                        login.0,
                        uid.0,
                        uid.0
                    ),
                );
                let arguments: Vec<String> = words
                    .iter()
                    .enumerate()
                    .map(|(i, word)| format!("a{i}={}", quoted(word)))
                    .collect();
                line(
                    "EXECVE",
                    format!("argc={} {}", words.len(), arguments.join(" ")),
                );
                line("CWD", format!("cwd=\"{cwd}\""));
                line(
                    "PATH",
                    format!(
                        "item=0 name=\"{exe}\" inode=786512 dev=fd:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\u{1d}OUID=\"root\" OGID=\"root\""
                    ),
                );
                line("PATH", "item=1 name=\"/lib64/ld-linux-x86-64.so.2\" inode=393230 dev=fd:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\u{1d}OUID=\"root\" OGID=\"root\"".to_owned());
                line(
                    "PROCTITLE",
                    format!("proctitle={}", hex(words.join("\0").as_bytes())),
                );
                line("EOE", String::new());
            }
        }
        out
    }
}

/// Events that start so many nanoseconds apart have their records mixed.
pub(super) const TOGETHER: i64 = 1_000_000;

/// The lines of several events, by turns.
pub(super) fn interleave(events: &[String]) -> String {
    let mut lines: Vec<_> = events
        .iter()
        .map(|event| event.split_inclusive('\n'))
        .collect();
    let mut out = String::with_capacity(events.iter().map(String::len).sum());
    loop {
        let before = out.len();
        out.extend(lines.iter_mut().filter_map(Iterator::next));
        if out.len() == before {
            return out;
        }
    }
}

/// A value as the kernel writes it: in hex if it holds blanks, quotes or control characters.
fn quoted(word: &str) -> String {
    if word.bytes().all(|b| b.is_ascii_graphic() && b != b'"') {
        format!("\"{word}\"")
    } else {
        hex(word.as_bytes())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

fn message(
    random: &mut Random,
    record: &'static str,
    login: Option<(&'static str, u32)>,
    session: u32,
    text: String,
) -> Entry {
    Entry {
        pid: 2000 + random.below(30_000),
        session,
        kind: Kind::Message {
            record,
            login,
            uid: ("root", 0),
            text,
        },
    }
}

fn sshd(operation: &str, account: &str, address: &str, result: &str) -> String {
    format!(
        "op={operation} acct=\"{account}\" exe=\"/usr/sbin/sshd\" hostname={address} addr={address} terminal=ssh res={result}"
    )
}

/// A login that fails for want of a key.
pub(super) fn failed_login(random: &mut Random, address: &str) -> Entry {
    let account = *random.pick(&["root", "admin", "deploy", "ubuntu"]);
    let session = UNSET;
    message(
        random,
        "USER_LOGIN",
        None,
        session,
        sshd("login", account, address, "failed"),
    )
}

/// Everything an SSH login writes, with seconds after its start.
pub(super) fn login(
    random: &mut Random,
    operator: (&'static str, u32, &str),
    session: u32,
) -> Vec<(i64, Entry)> {
    let (name, uid, address) = operator;
    let who = Some((name, uid));
    let pid = 2000 + random.below(30_000);
    let mut entry = |record, login, text| Entry {
        pid,
        ..message(
            random,
            record,
            login,
            if login.is_some() { session } else { UNSET },
            text,
        )
    };
    let pam = |operation: &str, grants: &str| {
        sshd(
            &format!("{operation} grantors={grants}"),
            name,
            address,
            "success",
        )
    };
    vec![
        (
            0,
            entry(
                "USER_AUTH",
                None,
                sshd("pubkey_auth", name, address, "success"),
            ),
        ),
        (
            0,
            entry("USER_ACCT", None, pam("PAM:accounting", "pam_unix")),
        ),
        (0, entry("CRED_ACQ", None, pam("PAM:setcred", "pam_unix"))),
        (
            0,
            Entry {
                pid,
                session,
                kind: Kind::Login { name, uid },
            },
        ),
        (
            1,
            entry(
                "USER_START",
                who,
                pam("PAM:session_open", "pam_loginuid,pam_unix,pam_systemd"),
            ),
        ),
        (
            1,
            entry(
                "USER_LOGIN",
                who,
                format!(
                    "op=login id={uid} exe=\"/usr/sbin/sshd\" hostname={address} addr={address} terminal=/dev/pts/0 res=success"
                ),
            ),
        ),
    ]
}

/// A program run in a session, by the one who logged in or, through sudo, by root.
pub(super) fn exec(
    random: &mut Random,
    operator: (&'static str, u32),
    session: u32,
    as_root: bool,
    words: &[&str],
) -> Entry {
    let exe = match words.first().copied().unwrap_or_default() {
        "ls" => "/usr/bin/ls",
        "id" => "/usr/bin/id",
        "cat" => "/usr/bin/cat",
        "sed" => "/usr/bin/sed",
        "psql" => "/usr/bin/psql",
        "curl" => "/usr/bin/curl",
        "ssh" => "/usr/bin/ssh",
        "kubectl" => "/usr/local/bin/kubectl",
        "tail" => "/usr/bin/tail",
        "shred" => "/usr/bin/shred",
        "run-parts" => "/usr/bin/run-parts",
        _ => "/usr/bin/bash",
    };
    Entry {
        pid: 2001 + random.below(30_000),
        session,
        kind: Kind::Exec {
            login: operator,
            uid: if as_root { ("root", 0) } else { operator },
            cwd: if as_root { "/srv/app" } else { "/home" },
            exe,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        },
    }
}

/// What people run there, with how often.
const COMMANDS: [(u64, &[&str]); 7] = [
    (6, &["ls", "-la"]),
    (5, &["kubectl", "-n", "payments", "get", "pods"]),
    (3, &["tail", "-n", "200", "/var/log/app/api.log"]),
    (3, &["ssh", "worker-2", "uptime"]),
    (
        2,
        &[
            "psql",
            "-h",
            "ledger-db",
            "-c",
            "select count(*) from payouts",
        ],
    ),
    (2, &["curl", "-s", "http://api.internal/healthz"]),
    (1, &["cat", "/etc/hosts"]),
];

/// Ordinary work on the bastion: commands, cron, and the internet's usual knocking.
pub(super) fn background(random: &mut Random) -> Entry {
    let session = 300 + random.below(12) as u32;
    let (name, uid, _) = *random.pick(&OPERATORS);
    match random.below(100) {
        0..=54 => {
            let words = random.weighted(&COMMANDS);
            exec(random, (name, uid), session, false, words)
        }
        55..=74 => exec(
            random,
            ("root", 0),
            7,
            true,
            &["run-parts", "--report", "/etc/cron.hourly"],
        ),
        75..=84 => {
            let text = "op=PAM:session_open grantors=pam_loginuid,pam_env,pam_unix acct=\"root\" exe=\"/usr/sbin/cron\" hostname=? addr=? terminal=cron res=success";
            message(random, "USER_START", Some(("root", 0)), 7, text.to_owned())
        }
        85..=91 => {
            let text = format!(
                "cwd=\"/home/{name}\" cmd={} terminal=pts/0 res=success",
                hex(b"systemctl status api")
            );
            message(random, "USER_CMD", Some((name, uid)), session, text)
        }
        _ => {
            let address = format!("198.18.{}.{}", random.below(255), 1 + random.below(253));
            failed_login(random, &address)
        }
    }
}

/// Two programs of one pipeline, the second of which starts within [`TOGETHER`].
pub(super) fn pipeline(random: &mut Random) -> [Entry; 2] {
    let (name, uid, _) = *random.pick(&OPERATORS);
    let session = 300 + random.below(12) as u32;
    let first = exec(
        random,
        (name, uid),
        session,
        false,
        &["kubectl", "get", "events", "-A"],
    );
    let second = exec(random, (name, uid), session, false, &["tail", "-n", "20"]);
    [first, second]
}

/// The intruder on the bastion: the knocking, the entry, and what is done there, by offset from the entry.
pub(super) fn intrusion(random: &mut Random, address: &'static str) -> Vec<(i64, Entry)> {
    const SESSION: u32 = 317;
    const DEPLOY: (&str, u32) = ("deploy", 1100);
    let mut entries: Vec<(i64, Entry)> = (0..5)
        .map(|n| {
            (
                -80 * SECOND + n * 11 * SECOND,
                failed_login(random, address),
            )
        })
        .collect();
    let opened = login(random, (DEPLOY.0, DEPLOY.1, address), SESSION);
    entries.extend(
        opened
            .into_iter()
            .map(|(seconds, entry)| (seconds * SECOND, entry)),
    );
    let commands: [(i64, bool, &[&str]); 9] = [
        (20 * SECOND, false, &["id"]),
        (35 * SECOND, false, &["ls", "-la", "/srv/app"]),
        (2 * MINUTE, false, &["cat", "/srv/app/config/ledger.env"]),
        (
            3 * MINUTE,
            false,
            &[
                "psql",
                "-h",
                "ledger-db",
                "-c",
                "select id, owner, iban from payout_accounts",
            ],
        ),
        (
            4 * MINUTE,
            false,
            &[
                "curl",
                "-s",
                "-X",
                "PATCH",
                "http://settings.internal/accounts/4711",
            ],
        ),
        (
            9 * MINUTE,
            true,
            &["tail", "-n", "40", "/srv/app/settings-audit.jsonl"],
        ),
        (
            11 * MINUTE,
            true,
            &[
                "sed",
                "-i",
                "s/payout_iban/display_name/",
                "/srv/app/settings-audit.jsonl",
            ],
        ),
        (
            12 * MINUTE,
            true,
            &[
                "sed",
                "-i",
                "/payout.review/d",
                "/srv/app/settings-audit.jsonl",
            ],
        ),
        (
            13 * MINUTE,
            false,
            &["shred", "-u", "/home/deploy/.bash_history"],
        ),
    ];
    for (offset, as_root, words) in commands {
        entries.push((offset, exec(random, DEPLOY, SESSION, as_root, words)));
    }
    entries
}
