//! What sshd, sudo, su, PAM, cron and the account tools say in a syslog message: who did what, and whether it worked.

use crate::event::{Event, Outcome};
use crate::format::record::add_address;

/// Fills the normalised fields from the message, where the program is known and the message understood.
pub(in crate::format) fn read(app: &str, pid: Option<&str>, message: &str, event: &mut Event) {
    let program = app.rsplit('/').next().unwrap_or(app);
    let message = once(message, event);
    if let Some(pam) = message.strip_prefix("pam_") {
        if let Some((service, said)) = pam.split_once("): ") {
            let phase = service.rsplit(':').next().unwrap_or_default();
            read_pam(phase, said, event);
        }
    } else {
        match program.to_ascii_lowercase().as_str() {
            "sshd" | "sshd-session" | "sshd-auth" => read_sshd(message, event),
            "sudo" => read_sudo(message, event),
            "su" => read_su(message, event),
            "cron" | "crond" => read_cron(message, event),
            "systemd-logind" => read_logind(message, event),
            "useradd" | "userdel" | "usermod" | "groupadd" | "groupdel" | "gpasswd" | "chage" => {
                read_account_tool(message, event);
            }
            _ => {}
        }
    }
    if program.starts_with("sshd")
        && let Some(pid) = pid
    {
        event.session = Some(format!("{app}[{pid}]"));
    }
}

/// The message that a daemon gives once for several alike: `message repeated 5 times: [ … ]`.
fn once<'a>(message: &'a str, event: &mut Event) -> &'a str {
    let repeated = message.strip_prefix("message repeated ");
    let repeated = repeated.and_then(|rest| rest.split_once(" times: ["));
    let inner = repeated.and_then(|(n, rest)| Some((n, rest.strip_suffix(']')?)));
    let Some((times, inner)) = inner else {
        return message;
    };
    set(event, "repeated", times);
    inner.trim()
}

fn word(text: &str) -> &str {
    text.split([' ', ',', ';']).next().unwrap_or_default()
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn set(event: &mut Event, path: &str, value: &str) {
    if !value.is_empty() {
        event.attributes.push_str(path, value);
    }
}

fn actor(event: &mut Event, user: &str) {
    if !user.is_empty() {
        event.actor = Some(user.to_owned());
        set(event, "user", user);
    }
}

/// ` from ADDRESS port N`, wherever it stands last: a user name may hold the word, the daemon writes it after.
fn from(event: &mut Event, text: &str) {
    if let Some((_, rest)) = text.rsplit_once("from ") {
        let address = word(rest);
        set(event, "addr", address);
        add_address(event, address);
        if let Some(port) = after(rest, " port ") {
            set(event, "port", word(port).trim_end_matches(':'));
        }
    }
}

fn fail(event: &mut Event, reason: &str) {
    event.outcome = Outcome::Failure;
    event.reason = Some(reason.to_owned());
}

/// How sshd's messages begin, the action each is, and what it means.
const SSHD: [(&str, &str, Outcome); 12] = [
    ("Accepted ", "Accepted", Outcome::Success),
    ("Failed ", "Failed", Outcome::Failure),
    ("Invalid user ", "Invalid user", Outcome::Failure),
    ("Illegal user ", "Illegal user", Outcome::Failure),
    ("Disconnected from ", "Disconnected", Outcome::Unknown),
    (
        "Received disconnect from ",
        "Received disconnect",
        Outcome::Unknown,
    ),
    (
        "Connection closed by ",
        "Connection closed",
        Outcome::Unknown,
    ),
    ("Connection reset by ", "Connection reset", Outcome::Unknown),
    ("Connection from ", "Connection", Outcome::Unknown),
    ("Disconnecting ", "Disconnecting", Outcome::Failure),
    (
        TOO_MANY,
        "maximum authentication attempts exceeded",
        Outcome::Failure,
    ),
    ("User ", "not allowed", Outcome::Failure),
];

const TOO_MANY: &str = "maximum authentication attempts exceeded for ";

fn read_sshd(message: &str, event: &mut Event) {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    if let Some(said) = message.strip_prefix("PAM ") {
        // `PAM 2 more authentication failures; … rhost=… user=…`
        let (count, rest) = said.split_once(" more ").unwrap_or_default();
        if rest.starts_with("authentication failure") {
            set(event, "repeated", count);
            read_pam("auth", rest, event);
        }
        return;
    }
    if let Some(who) = message.strip_prefix("PAM: Authentication failure for ") {
        let known = who.strip_prefix("illegal user ").unwrap_or(who);
        event.action = Some("authentication failure".into());
        event.target = event.host.clone();
        actor(
            event,
            known.rsplit_once(" from ").map_or(known, |(user, _)| user),
        );
        from(event, who);
        fail(event, "authentication failure");
        return;
    }
    let Some((verb, action, outcome)) = SSHD.iter().find(|(verb, ..)| message.starts_with(verb))
    else {
        return;
    };
    let rest = &message[verb.len()..];
    if *verb == "User " && !rest.contains(" not allowed because ") {
        return;
    }
    event.action = Some((*action).to_owned());
    event.outcome = *outcome;
    event.target = event.host.clone();
    match *verb {
        "Accepted " | "Failed " => {
            let (method, rest) = rest.split_once(" for ").unwrap_or(("", rest));
            set(event, "method", method);
            let known = rest.strip_prefix("invalid user ");
            // The address comes last; what is before it is the name, whatever it holds.
            let who = known.unwrap_or(rest);
            let user = who
                .rsplit_once(" from ")
                .map_or(word(who), |(user, _)| user);
            actor(event, user);
            from(event, rest);
            if let Some((_, key)) = rest.split_once(": ") {
                set(event, "fingerprint", key);
            }
            if *outcome == Outcome::Failure {
                let reason = if known.is_some() {
                    "invalid user"
                } else {
                    method
                };
                fail(event, reason);
            }
        }
        "Invalid user " | "Illegal user " => {
            let user = rest.rsplit_once(" from ").map_or(rest, |(user, _)| user);
            actor(event, user.strip_prefix("from ").unwrap_or(user).trim());
            from(event, message);
            fail(event, "invalid user");
        }
        "User " => {
            let (user, why) = rest.split_once(" from ").unwrap_or((rest, ""));
            actor(event, user);
            from(event, message);
            fail(event, after(why, "because ").unwrap_or("not allowed"));
        }
        TOO_MANY => {
            let who = rest.strip_prefix("invalid user ").unwrap_or(rest);
            actor(
                event,
                who.rsplit_once(" from ").map_or(who, |(user, _)| user),
            );
            from(event, rest);
            fail(event, action);
        }
        _ => peer(rest, event),
    }
}

/// `[invalid|authenticating user NAME] ADDRESS port N …`
fn peer(rest: &str, event: &mut Event) {
    let mut words = rest.split(' ').peekable();
    while let Some(next) = words.next() {
        match next {
            "user" => {
                if let Some(user) = words.next() {
                    actor(event, user);
                }
            }
            "port" => {
                if let Some(port) = words.next() {
                    set(event, "port", port.trim_end_matches(':'));
                }
            }
            address => {
                if event.ip.is_empty() {
                    add_address(event, address);
                    if !event.ip.is_empty() {
                        set(event, "addr", address);
                    }
                }
            }
        }
    }
}

/// `alice : [why ;] TTY=… ; PWD=… ; USER=… ; COMMAND=…`
fn read_sudo(message: &str, event: &mut Event) {
    let Some((user, rest)) = message.split_once(" : ") else {
        return;
    };
    if !rest.contains("COMMAND=") && !rest.contains("TTY=") {
        return;
    }
    actor(event, user.trim());
    event.action = Some("sudo".into());
    event.outcome = Outcome::Success;
    let (head, command) = rest.split_once("COMMAND=").unwrap_or((rest, ""));
    for part in head.split(" ; ").map(|p| p.trim_matches([' ', ';'])) {
        match part.split_once('=') {
            Some((key, value)) => {
                let path = match key {
                    "TTY" => "tty",
                    "PWD" => "pwd",
                    "USER" => "runas",
                    "GROUP" => "rungroup",
                    "TSID" => "tsid",
                    _ => continue,
                };
                set(event, path, value);
            }
            None if !part.is_empty() => fail(event, part),
            None => {}
        }
    }
    set(event, "command", command);
    event.target = Some(command.to_owned()).filter(|c| !c.is_empty());
}

/// `(to root) alice on pts/0`, `FAILED SU (to root) alice on pts/0`
fn read_su(message: &str, event: &mut Event) {
    let (failed, rest) = match message.strip_prefix("FAILED SU ") {
        Some(rest) => (true, rest),
        None => (false, message),
    };
    let Some((target, user)) = rest.strip_prefix("(to ").and_then(|r| r.split_once(") ")) else {
        return;
    };
    event.action = Some("su".into());
    event.target = Some(target.to_owned());
    actor(event, word(user));
    if let Some(tty) = after(user, " on ") {
        set(event, "tty", word(tty));
    }
    event.outcome = Outcome::Success;
    if failed {
        fail(event, "FAILED SU");
    }
}

/// `(root) CMD (command)`
fn read_cron(message: &str, event: &mut Event) {
    if let Some((user, rest)) = message.strip_prefix('(').and_then(|m| m.split_once(") "))
        && let Some(command) = rest.strip_prefix("CMD (")
    {
        actor(event, user);
        let command = command.strip_suffix(')').unwrap_or(command).trim();
        event.action = Some("CMD".into());
        event.target = Some(command.to_owned());
        set(event, "command", command);
    }
}

/// `New session 3 of user alice.`, `Session 3 logged out. Waiting for processes to exit.`, `Removed session 3.`
fn read_logind(message: &str, event: &mut Event) {
    let whole = message.trim_end_matches('.');
    let (action, session) = if let Some(rest) = whole.strip_prefix("New session ") {
        let (session, user) = rest.split_once(" of user ").unwrap_or((rest, ""));
        // Newer ones go on with the class and type of the session.
        actor(event, word(user).trim_end_matches('.'));
        ("New session", word(session))
    } else if let Some(session) = whole.strip_prefix("Removed session ") {
        ("Removed session", session)
    } else if let Some((session, _)) = whole
        .strip_prefix("Session ")
        .and_then(|rest| rest.split_once(" logged out"))
    {
        ("Session logged out", session)
    } else {
        return;
    };
    event.action = Some(action.into());
    event.target = event.host.clone();
    event.session = Some(session.to_owned());
    event.outcome = Outcome::Success;
}

/// `session opened for user X(uid=0) by Y(uid=1000)`, `authentication failure; logname= … rhost=… user=…`
fn read_pam(phase: &str, said: &str, event: &mut Event) {
    set(event, "pam", phase.trim_end_matches(')'));
    let bare = |text: &str| word(text).split('(').next().unwrap_or_default().to_owned();
    for verb in ["session opened", "session closed"] {
        if let Some(rest) = said.strip_prefix(verb) {
            let user = after(rest, "for user ").map(bare).unwrap_or_default();
            let by = after(rest, " by ").map(bare).unwrap_or_default();
            actor(event, if by.is_empty() { &user } else { &by });
            event.action = Some(verb.to_owned());
            event.target = Some(user).filter(|u| !u.is_empty());
            event.outcome = Outcome::Success;
            return;
        }
    }
    if let Some(user) = said.strip_prefix("password changed for ") {
        event.action = Some("password changed".into());
        event.target = Some(word(user).to_owned());
        event.outcome = Outcome::Success;
        return;
    }
    let failure = [
        "authentication failure",
        "check pass; user unknown",
        "auth could not identify password",
    ];
    if let Some(verb) = failure.iter().find(|v| said.starts_with(**v)) {
        event.action = Some("authentication failure".into());
        fail(event, verb);
        let pair = |key: &str| {
            said.split([' ', ';'])
                .find_map(|part| part.strip_prefix(key))
        };
        let user = pair("user=").unwrap_or_default();
        let by = pair("ruser=").unwrap_or_default();
        actor(event, if by.is_empty() { user } else { by });
        event.target = Some(user.to_owned()).filter(|u| !u.is_empty());
        if let Some(tty) = pair("tty=") {
            set(event, "tty", tty);
        }
        if let Some(host) = pair("rhost=") {
            set(event, "rhost", host);
            add_address(event, host);
        }
    }
}

/// `new user: name=bob, UID=…`, `delete user 'bob'`, `add 'bob' to group 'sudo'`
/// gpasswd: `user bob added by root to group wheel`, `user bob removed by root from group wheel`.
fn read_group_change(said: &str, event: &mut Event) {
    let words: Vec<&str> = said.split_whitespace().collect();
    let [
        user,
        done,
        "by",
        by,
        preposition @ ("to" | "from"),
        "group",
        group,
        ..,
    ] = words[..]
    else {
        return;
    };
    event.action = Some(format!("{done} {preposition} group"));
    event.outcome = Outcome::Success;
    event.target = Some(format!("{group}/{user}"));
    actor(event, by);
}

fn read_account_tool(message: &str, event: &mut Event) {
    const VERBS: [&str; 8] = [
        "new user",
        "new group",
        "delete user",
        "removed group",
        "add",
        "delete",
        "changed user",
        "change user",
    ];
    if let Some(said) = message.strip_prefix("user ") {
        return read_group_change(said, event);
    }
    let Some(verb) = VERBS.iter().find(|v| message.starts_with(**v)) else {
        return;
    };
    event.action = Some((*verb).to_owned());
    event.outcome = Outcome::Success;
    let quoted: Vec<&str> = message.split('\'').skip(1).step_by(2).collect();
    let named = after(message, "name=").map(word);
    event.target = match (named, quoted.as_slice()) {
        (Some(name), _) => Some(name.to_owned()),
        (None, [user, group, ..]) if matches!(*verb, "add" | "delete") => {
            Some(format!("{group}/{user}"))
        }
        // What was changed of the user, from what to what, stands in quotes after the name.
        (None, [user, ..]) => Some((*user).to_owned()),
        (None, []) => None,
    };
    for part in message.split(", ") {
        if let Some((key, value)) = part.split_once('=') {
            let key = key.rsplit(' ').next().unwrap_or(key);
            set(event, &key.to_ascii_lowercase(), value);
        }
    }
}
