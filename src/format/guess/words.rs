//! A path taken apart into words: `actorUser.login_name` is `actor user`, `login name`.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::weights::{ROLES, SHAPES};

/// Longest path that is looked at: a longer one is no name that somebody chose.
const LONGEST: usize = 128;

/// A word that is written together is cut into at most so many.
const PIECES: usize = 4;

/// Words that stand in names without telling anything about their meaning, but are needed to cut others.
const FILLERS: &str =
    "the is of in http api req res event log record source src remote client full display x";

/// The words of a path: those of its last key, and those of the keys around it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) last: Vec<String>,
    pub(super) around: Vec<String>,
    /// Keys around the last one.
    pub(super) depth: usize,
}

/// Every word that has a weight, for cutting `remoteaddr`.
static VOCABULARY: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let weighted = ROLES.iter().chain(&SHAPES).flat_map(|(_, list)| *list);
    let names = weighted.flat_map(|(words, _)| words.split_whitespace());
    let names = names.map(|word| word.trim_start_matches('^'));
    names.chain(FILLERS.split_whitespace()).collect()
});

impl Words {
    pub(super) fn of(path: &str) -> Option<Self> {
        if path.len() > LONGEST {
            return None;
        }
        let mut keys: Vec<Vec<String>> = path
            .split(['.', '/', ':'])
            .filter(|key| !key.is_empty())
            .map(words)
            .collect();
        let last = keys.pop()?;
        Some(Self {
            last,
            depth: keys.len(),
            around: keys.into_iter().flatten().collect(),
        })
    }
}

/// `userAgent`, `user_agent`, `USER-AGENT`, `UserAgent`, `useragent`: all `user agent`.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = key.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1);
        // `userId|Name`, and `IP|Address`.
        let begins = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit())
                || before.is_some_and(char::is_uppercase)
                    && after.is_some_and(|a| a.is_lowercase()));
        if begins || !c.is_alphanumeric() {
            cut_into(&mut words, &std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    cut_into(&mut words, &word);
    // An address of mail is none of a network.
    let is_mail = |pair: &[String]| pair[0] == "email" || pair[0] == "mail";
    if let Some(at) = words.windows(2).position(is_mail)
        && matches!(&*words[at + 1], "address" | "addr")
    {
        words.remove(at + 1);
    }
    words
}

/// Adds a word, cut into ones that are known if it is made of such.
fn cut_into(words: &mut Vec<String>, word: &str) {
    if word.is_empty() {
        return;
    }
    let mut pieces = Vec::new();
    if !VOCABULARY.contains(word) && is_made_of(word, &mut pieces) {
        words.extend(pieces.into_iter().map(str::to_owned));
    } else {
        words.push(word.to_owned());
    }
}

fn is_made_of<'a>(word: &'a str, pieces: &mut Vec<&'a str>) -> bool {
    if word.is_empty() {
        return true;
    }
    if pieces.len() == PIECES || !word.is_ascii() {
        return false;
    }
    // The longest beginning first: `username` is no `us`.
    for end in (2..=word.len()).rev() {
        let Some(begin) = VOCABULARY.get(&word[..end]) else {
            continue;
        };
        debug_assert_eq!(*begin, &word[..end]);
        pieces.push(&word[..end]);
        if is_made_of(&word[end..], pieces) {
            return true;
        }
        pieces.pop();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words_however_they_are_written() {
        for (key, want) in [
            ("userAgent", "user agent"),
            ("USER_AGENT", "user agent"),
            ("useragent", "user agent"),
            ("sourceIPAddress", "source ip address"),
            ("remoteaddr", "remote addr"),
            ("@timestamp", "timestamp"),
            ("performed-by", "performed by"),
            ("emailAddress", "email"),
            ("ip4", "ip4"),
            ("Täter", "täter"),
            ("xyzzy", "xyzzy"),
            ("", ""),
        ] {
            assert_eq!(words(key).join(" "), want, "{key}");
        }
    }

    #[test]
    fn a_path_has_its_last_key_and_what_is_around() {
        let of = |path: &str| Words::of(path).unwrap();
        let path = of("actorUser.details.email_addr");
        assert_eq!(path.last, ["email"]);
        assert_eq!(path.around, ["actor", "user", "details"]);
        assert_eq!(path.depth, 2);
        assert_eq!(Words::of(""), None);
        assert_eq!(Words::of(&"x".repeat(1000)), None);
    }
}
