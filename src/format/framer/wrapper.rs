//! Objects that only wrap a list of records (`{"Records":[…]}`), told from records that hold a list.

use crate::json::{Reader, Token, unescape};

/// Keys whose list holds the records of a wrapper object.
const WRAPPER_KEYS: [&str; 7] = [
    "Records",
    "records",
    "items",
    "value",
    "Events",
    // CloudWatch Logs: as delivered to subscribers, and as the command line prints it.
    "logEvents",
    "events",
];

/// Keys a wrapper may have besides its list; they describe the list, not an event, and are dropped with it.
const STRUCTURE_KEYS: [&str; 24] = [
    "@odata.context",
    "@odata.count",
    "@odata.nextLink",
    "@odata.type",
    "apiVersion",
    "count",
    "etag",
    "hasMore",
    "has_more",
    "kind",
    "logGroup",
    "logStream",
    "messageType",
    "metadata",
    "next",
    "nextLink",
    "nextPageToken",
    "nextToken",
    "NextToken",
    "owner",
    "response_metadata",
    "searchedLogStreams",
    "subscriptionFilters",
    "total",
];

pub(super) fn is_wrapper_key(key: &str) -> bool {
    WRAPPER_KEYS.contains(&key)
}

fn is_structure_key(key: &str) -> bool {
    STRUCTURE_KEYS.contains(&key)
}

/// Whether a member of this name tells of a list of records (`kind`, `items`), so that it is in none of their frames.
pub fn is_around_records(name: &str) -> bool {
    is_wrapper_key(name) || is_structure_key(name)
}

/// Whether an object begins as a wrapper does: structure keys, then a list of objects.
pub(crate) fn opens_wrapper(object: &[u8]) -> bool {
    let mut reader = Reader::new(object);
    let mut wrapper = false;
    loop {
        match reader.next_token() {
            Ok(Some(Token::Key(raw))) if reader.depth() == 1 => {
                let key = unescape(raw);
                wrapper = is_wrapper_key(&key);
                if !wrapper && !is_structure_key(&key) {
                    return false;
                }
            }
            Ok(Some(Token::BeginArray)) if wrapper && reader.depth() == 2 => {
                return matches!(
                    reader.next_token(),
                    Ok(Some(Token::BeginObject | Token::EndArray))
                );
            }
            Ok(Some(_)) => {}
            _ => return false,
        }
    }
}

/// Whether every member of this object is a wrapper's own.
pub(super) fn is_structure(object: &[u8]) -> bool {
    let mut reader = Reader::new(object);
    loop {
        match reader.next_token() {
            Ok(Some(Token::Key(raw))) if reader.depth() == 1 => {
                if !is_structure_key(&unescape(raw)) {
                    return false;
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => return object[reader.offset()..].trim_ascii().is_empty(),
            Err(_) => return false,
        }
    }
}
