//! The one sanitiser: every byte of log content passes here on its way to a terminal.
//!
//! Log content is written by others. Left alone it can move the cursor, recolour, retitle, reorder or hide text;
//! and the widget library drops some of it silently, which changes evidence unseen. So everything that acts on a
//! terminal or cannot be seen is *shown*, in one spelling everywhere:
//!
//! | read | [`Charset::Unicode`] | [`Charset::Ascii`] |
//! |---|---|---|
//! | LF, CR, TAB, ESC, other C0, DEL | `␊ ␍ ␉ ␛ ␀ ␡` | `\n \r \t \x1b \x00 \x7f` |
//! | C1, format and bidi controls, zero-width and look-alike blanks, private use, non-characters | `\u{202e}` | `\u{202e}` |
//! | a combining mark without a base | `\u{301}` | `\u{301}` |
//! | marks after the fourth on one base | `\{+996}` | `\u{301}` each |
//! | a literal control picture (`␊` itself) | `\u{240a}` | `\u{240a}` |
//! | any other non-ASCII letter | itself | `\u{e9}` (on an 8-bit terminal its UTF-8 bytes can be controls) |
//! | `\` | itself | itself |
//! | a run of `\` right before an escape, or before text that reads like one | every `\` doubled | every `\` doubled |
//!
//! So what is shown reads back to exactly one text (except inside `\{+n}`, and beyond a cut `…`). That also means
//! that sanitising twice escapes the escapes: **do it once, last**. Plain text comes out as it went in.

pub mod count;
mod hidden;
pub mod shell;
pub mod suggest;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Combining marks shown on one base; what comes after is counted instead.
const MARK_LIMIT: usize = 4;
/// Letters that may join into one cluster (Indic conjuncts, Hangul); what comes after is counted instead.
const LETTER_LIMIT: usize = 8;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    #[default]
    Unicode,
    Ascii,
}

/// One safe line of at most `max_width` columns; a longer one ends in `…`.
pub fn line(text: &str, max_width: usize) -> String {
    Charset::Unicode.line(text, max_width)
}

/// Safe text of any length; line feeds stay, so the result may have several lines.
pub fn block(text: &str) -> String {
    Charset::Unicode.block(text)
}

/// [`line()`], filled with blanks to exactly `width` columns.
pub fn table_cell(text: &str, width: usize) -> String {
    Charset::Unicode.table_cell(text, width)
}

/// Whether a character acts on the terminal or its neighbours, or cannot be seen: never to be written raw. (A
/// combining mark is not one of them; whether it does harm depends on what stands before it.)
pub fn is_unsafe(c: char) -> bool {
    hidden::is_hidden(c)
}

/// Columns that `text` takes, counted as ratatui counts them. Only meaningful for text that is already safe.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.graphemes(true).map(cluster_width).sum()
    }
}

/// A path as text; paths that differ have texts that differ, also where they are not UTF-8 (see [`bytes()`]).
pub fn path(path: &std::path::Path) -> Cow<'_, str> {
    use std::os::unix::ffi::OsStrExt;
    bytes(path.as_os_str().as_bytes())
}

/// Bytes as text: valid UTF-8 as it is, every other byte as `\xNN` (always `\x80` to `\xff`). A run of `\` before
/// literal text of that form is doubled, so different bytes stay different. The result still needs sanitising.
pub fn bytes(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(text) if !text.contains("\\x") => return Cow::Borrowed(text),
        _ => {}
    }
    let mut out = String::with_capacity(raw.len() + 16);
    let mut at = 0;
    for chunk in raw.utf8_chunks() {
        for (i, c) in chunk.valid().char_indices() {
            let here = at + i;
            let first_of_run = c == '\\' && (here == 0 || raw[here - 1] != b'\\');
            if first_of_run {
                let run = raw[here..].iter().take_while(|b| **b == b'\\').count();
                if reads_like_a_byte(&raw[here + run..]) {
                    out.extend(std::iter::repeat_n('\\', run));
                }
            }
            out.push(c);
        }
        at += chunk.valid().len() + chunk.invalid().len();
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    Cow::Owned(out)
}

/// Whether `rest`, after a `\`, would be taken for the escape of a byte, or begins with one that will be escaped.
fn reads_like_a_byte(rest: &[u8]) -> bool {
    match rest {
        [b'x', b'8' | b'9' | b'a'..=b'f', low, ..] => matches!(low, b'0'..=b'9' | b'a'..=b'f'),
        [first, ..] if !first.is_ascii() => {
            // The longest UTF-8 sequence has four bytes: if those hold no letter, the first one is invalid.
            let head = &rest[..rest.len().min(4)];
            head.utf8_chunks()
                .next()
                .is_some_and(|chunk| chunk.valid().is_empty())
        }
        _ => false,
    }
}

impl Charset {
    /// See [`line()`].
    pub fn line(self, text: &str, max_width: usize) -> String {
        let plain = |b: u8| matches!(b, b' '..=b'~') && b != b'\\';
        if text.len() <= max_width && text.bytes().all(plain) {
            return text.to_owned();
        }
        let mut out = String::new();
        let mut used = 0;
        // Where the text must be cut if what follows does not fit: the mark of the cut takes one column.
        let mut cut = 0;
        let mut fits = true;
        self.walk(text, false, &mut |piece| {
            used += width(piece);
            fits = used <= max_width;
            if fits {
                out.push_str(piece);
                if used < max_width {
                    cut = out.len();
                }
            }
            fits
        });
        if !fits {
            out.truncate(cut);
            if max_width > 0 {
                out.push_str(self.ellipsis());
            }
        }
        out
    }

    /// See [`block()`].
    pub fn block(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.walk(text, true, &mut |piece| {
            out.push_str(piece);
            true
        });
        out
    }

    /// See [`table_cell()`].
    pub fn table_cell(self, text: &str, width: usize) -> String {
        self.fit(&self.line(text, width), width)
    }

    /// Cuts or fills text that is safe *already* to exactly `width` columns, without escaping it again.
    pub fn fit(self, safe: &str, width: usize) -> String {
        let mut out = String::with_capacity(width);
        let mut used = 0;
        let mut cut = 0;
        for cluster in safe.graphemes(true) {
            used += cluster_width(cluster);
            if used > width {
                out.truncate(cut);
                out.push_str(if width > 0 { self.ellipsis() } else { "" });
                used = self::width(&out);
                break;
            }
            out.push_str(cluster);
            if used < width {
                cut = out.len();
            }
        }
        out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
        out
    }

    /// The one-column mark of a cut.
    pub fn ellipsis(self) -> &'static str {
        match self {
            Self::Unicode => "…",
            Self::Ascii => "~",
        }
    }

    /// Hands out the safe text piece by piece, never half an escape or half a cluster, until `put` returns false.
    fn walk(self, text: &str, keep_lf: bool, put: &mut dyn FnMut(&str) -> bool) {
        let mut run_end = 0;
        let mut doubled = false;
        for (at, cluster) in text.grapheme_indices(true) {
            if cluster.starts_with('\\') {
                if at >= run_end {
                    let run = text.as_bytes()[at..]
                        .iter()
                        .take_while(|b| **b == b'\\')
                        .count();
                    run_end = at + run;
                    doubled = self.reads_like_an_escape(&text[run_end..], keep_lf);
                }
                if doubled && !put("\\") {
                    return;
                }
            }
            if !self.walk_cluster(cluster, keep_lf, put) {
                return;
            }
        }
    }

    fn walk_cluster(self, cluster: &str, keep_lf: bool, put: &mut dyn FnMut(&str) -> bool) -> bool {
        if let [b' '..=b'~'] = cluster.as_bytes() {
            return put(cluster);
        }
        let (mut start, mut end) = (0, 0);
        let (mut marks, mut letters) = (0, 0);
        for (at, c) in cluster.char_indices() {
            let escape = if keep_lf && c == '\n' {
                Some(Cow::Borrowed("\n"))
            } else if let Some(escape) = self.escape(c) {
                Some(escape)
            } else {
                let is_mark = c.width().unwrap_or(0) == 0 || (at == 0 && joins_what_precedes(c));
                *if is_mark { &mut marks } else { &mut letters } += 1;
                if marks > MARK_LIMIT || letters > LETTER_LIMIT {
                    let rest = cluster[at..].chars().count();
                    return (start == end || put(&cluster[start..end]))
                        && put(&format!("\\{{+{rest}}}"));
                }
                // A mark whose base is not shown would land on whatever stands before this text.
                (is_mark && start == end).then(|| code_point(c))
            };
            let next = at + c.len_utf8();
            if let Some(escape) = escape {
                if !(start == end || put(&cluster[start..end])) || !put(&escape) {
                    return false;
                }
                start = next;
            }
            end = next;
        }
        start == end || put(&cluster[start..end])
    }

    /// How a character that must not reach the terminal is shown.
    fn escape(self, c: char) -> Option<Cow<'static, str>> {
        match (c, self) {
            (' '..='~', _) => None,
            ('\n', Self::Ascii) => Some("\\n".into()),
            ('\r', Self::Ascii) => Some("\\r".into()),
            ('\t', Self::Ascii) => Some("\\t".into()),
            ('\0'..='\x7f', Self::Ascii) => Some(format!("\\x{:02x}", c as u32).into()),
            ('\x7f', Self::Unicode) => Some("␡".into()),
            ('\0'..='\x1f', Self::Unicode) => {
                char::from_u32(0x2400 + c as u32).map(|p| p.to_string().into())
            }
            (_, Self::Ascii) => Some(code_point(c)),
            (_, Self::Unicode) => hidden::is_hidden(c).then(|| code_point(c)),
        }
    }

    /// Whether `rest`, after a `\`, would be taken for an escape, or begins with something shown as one.
    fn reads_like_an_escape(self, rest: &str, keep_lf: bool) -> bool {
        let Some(first) = rest.chars().next() else {
            return false;
        };
        if keep_lf && first == '\n' {
            return false;
        }
        let literal = rest.starts_with("u{")
            || rest.starts_with("{+")
            || (self == Self::Ascii
                && (rest.starts_with(['n', 'r', 't'])
                    || matches!(rest.as_bytes(), [b'x', b'0'..=b'7', ..])));
        let shown = self.escape(first).is_some_and(|e| e.starts_with('\\'));
        literal || shown || (!first.is_ascii() && first.width().unwrap_or(0) == 0)
    }
}

fn code_point(c: char) -> Cow<'static, str> {
    format!("\\u{{{:x}}}", c as u32).into()
}

/// Whether `c` attaches to the character before it (a combining or spacing mark).
fn joins_what_precedes(c: char) -> bool {
    !c.is_ascii() && ['a', c].iter().collect::<String>().graphemes(true).count() == 1
}

/// As ratatui's `cell_width`: half-width sound marks take a column of their own in terminals.
fn cluster_width(cluster: &str) -> usize {
    let sound_marks = cluster
        .chars()
        .filter(|c| matches!(c, '\u{ff9e}' | '\u{ff9f}'))
        .count();
    cluster.width() + sound_marks
}
