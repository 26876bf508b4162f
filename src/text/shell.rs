//! Text as a word for a shell.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::is_unsafe;

/// One word for a POSIX shell; with characters that cannot be seen or act on a terminal, in the `$'…'` form that bash,
/// zsh and ksh know.
pub fn word(word: &OsStr) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '+' | ',' | '@');
    match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(is_plain) => text.to_owned(),
        Some(text) if !text.chars().any(|c| c.is_control() || is_unsafe(c)) => {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
        _ => {
            let mut out = String::from("$'");
            for chunk in word.as_bytes().utf8_chunks() {
                for c in chunk.valid().chars() {
                    match c {
                        '\'' | '\\' => {
                            out.push('\\');
                            out.push(c);
                        }
                        c if c.is_control() || is_unsafe(c) => {
                            let mut bytes = [0; 4];
                            for byte in c.encode_utf8(&mut bytes).bytes() {
                                out.push_str(&format!("\\x{byte:02x}"));
                            }
                        }
                        c => out.push(c),
                    }
                }
                for byte in chunk.invalid() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
            out.push('\'');
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for raw in [
            &b"plain"[..],
            b"",
            b"two words",
            b"it's",
            b"$HOME `id` \"x\" \\ !",
            b"a\nb\tc\x1b[2J",
            b"\xff\xfe0",
            "e\u{202e}\u{301} \u{e9}".as_bytes(),
            b"-n",
            b"~",
            b"*",
        ] {
            let text = word(OsStr::from_bytes(raw));
            assert!(
                !text.chars().any(|c| c.is_control() || is_unsafe(c)),
                "{text:?}"
            );
            let said = std::process::Command::new("bash")
                .args(["-c", &format!("printf %s {text}")])
                .output();
            // Where there is no bash, there is nothing to compare with.
            if let Ok(said) = said {
                assert_eq!(said.stdout, raw, "{text}");
            }
        }
    }
}
