//! What of an audit event says which stage of which request it is.

use crate::event::Timestamp;
use crate::json::{Reader, Token, unescape};

/// Verbs and subresources of requests that are answered for as long as somebody listens
/// (<https://github.com/kubernetes/kubernetes/blob/master/pkg/controlplane/apiserver/config.go>, long-running requests).
const LONG_VERBS: [&str; 3] = ["watch", "proxy", "connect"];
const LONG_PARTS: [&str; 5] = ["attach", "exec", "proxy", "log", "portforward"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Received,
    Started,
    Ended,
}

/// One stage of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) id: Box<str>,
    pub(super) stage: Stage,
    pub(super) ts: Timestamp,
    /// When the request was received.
    pub(super) received: Timestamp,
    pub(super) runs_long: bool,
    /// `delete secrets/db by alice`.
    pub(super) what: String,
}

/// The members that matter, as written.
#[derive(Default)]
struct Members<'a> {
    id: Option<&'a [u8]>,
    stage: Option<&'a [u8]>,
    ts: Option<&'a [u8]>,
    received: Option<&'a [u8]>,
    verb: Option<&'a [u8]>,
    user: Option<&'a [u8]>,
    resource: Option<&'a [u8]>,
    name: Option<&'a [u8]>,
    part: Option<&'a [u8]>,
}

impl Request {
    /// `None` for what is no audit event with a stage and a time.
    pub(super) fn read(record: &[u8]) -> Option<Self> {
        let members = Members::read(record)?;
        let text = |raw: Option<&[u8]>| {
            raw.map(|raw| unescape(raw).into_owned())
                .unwrap_or_default()
        };
        let time = |raw: Option<&[u8]>| Timestamp::parse(&unescape(raw?));
        let stage = match bare(members.stage?) {
            b"RequestReceived" => Stage::Received,
            b"ResponseStarted" => Stage::Started,
            b"ResponseComplete" | b"Panic" => Stage::Ended,
            _ => return None,
        };
        let ts = time(members.ts)?;
        let (verb, part) = (text(members.verb), text(members.part));
        let mut what = verb.clone();
        for (before, member) in [
            (" ", members.resource),
            ("/", members.name),
            (" by ", members.user),
        ] {
            if member.is_some() {
                what += before;
                what += &text(member);
            }
        }
        Some(Self {
            id: text(Some(members.id?)).into(),
            stage,
            ts,
            received: time(members.received).unwrap_or(ts),
            runs_long: LONG_VERBS.contains(&&*verb) || LONG_PARTS.contains(&&*part),
            what,
        })
    }
}

impl<'a> Members<'a> {
    fn read(record: &'a [u8]) -> Option<Self> {
        let mut members = Self::default();
        let mut reader = Reader::new(record);
        let (mut outer, mut key): (&[u8], &[u8]) = (b"", b"");
        while let Some(token) = reader.next_token().ok()? {
            match token {
                Token::Key(raw) => {
                    key = bare(raw);
                    if reader.depth() == 1 {
                        outer = key;
                    }
                }
                Token::Str(raw) => {
                    let place = match (reader.depth(), outer, key) {
                        (1, _, b"auditID") => &mut members.id,
                        (1, _, b"stage") => &mut members.stage,
                        (1, _, b"stageTimestamp") => &mut members.ts,
                        (1, _, b"requestReceivedTimestamp") => &mut members.received,
                        (1, _, b"verb") => &mut members.verb,
                        (2, b"user", b"username") => &mut members.user,
                        (2, b"objectRef", b"resource") => &mut members.resource,
                        (2, b"objectRef", b"name") => &mut members.name,
                        (2, b"objectRef", b"subresource") => &mut members.part,
                        _ => continue,
                    };
                    *place = Some(raw);
                }
                _ => {}
            }
        }
        Some(members)
    }
}

/// What stands between the quotes.
fn bare(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_prefix(b"\"").unwrap_or(raw);
    raw.strip_suffix(b"\"").unwrap_or(raw)
}
