//! Text wrapped to columns, and numbers as a person reads them.

use unicode_width::UnicodeWidthChar;

pub use crate::text::count::{counted, number};
use crate::text::{Charset, width};

/// Safe lines of at most `max` columns, broken between words where possible; always at least one.
pub fn wrap(charset: Charset, text: &str, max: usize) -> Vec<String> {
    let max = max.max(1);
    let mut lines = Vec::new();
    for paragraph in charset.block(text).lines() {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split_inclusive(' ') {
            let columns = width(word.trim_end());
            if used > 0 && used + columns > max {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0;
            }
            if columns > max {
                for c in word.chars() {
                    let w = c.width().unwrap_or(0);
                    if used + w > max && used > 0 {
                        lines.push(std::mem::take(&mut line));
                        used = 0;
                    }
                    line.push(c);
                    used += w;
                }
            } else {
                line.push_str(word);
                used += width(word);
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_every_line_within_bounds() {
        for max in 1..30 {
            for line in wrap(
                Charset::Unicode,
                "a longer-than-anything-else word, then\nmore 日本語日本語日本語",
                max,
            ) {
                assert!(width(&line) <= max.max(2), "{line:?} at {max}");
            }
        }
        assert_eq!(
            wrap(Charset::Unicode, "one two three", 8),
            ["one two", "three"]
        );
    }
}
