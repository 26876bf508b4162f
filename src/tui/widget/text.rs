//! Text wrapped to columns, and numbers as a person reads them.

use unicode_width::UnicodeWidthChar;

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

/// `1204` as `1,204`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    out
}

/// `1 row`, `2 rows`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_group_by_three() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_208_331, "1,208,331"),
        ] {
            assert_eq!(number(n), text);
        }
    }

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
