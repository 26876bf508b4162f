//! The clipboard of the terminal the person sits at, by OSC 52: the only bytes beside the drawing that go out.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Bytes of encoded text at most: what all terminals take (xterm's limit of 100,000 for the whole sequence, less
/// generously counted).
pub const LIMIT: usize = 74_994;

/// Bytes of one piece of a control string that GNU screen passes on.
const SCREEN_PIECE: usize = 240;

/// What stands between the program and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrap {
    #[default]
    None,
    Tmux,
    Screen,
}

impl Wrap {
    /// From the values of `TMUX` and `STY`. `TERM=screen` alone tells neither: it is tmux's usual one too, and crosses
    /// ssh, where tmux takes the plain form.
    pub fn find(tmux: Option<&str>, sty: Option<&str>) -> Self {
        let set = |variable: Option<&str>| variable.is_some_and(|v| !v.is_empty());
        if set(tmux) {
            Self::Tmux
        } else if set(sty) {
            Self::Screen
        } else {
            Self::None
        }
    }
}

/// The bytes that put `text` on the clipboard; `None` if it is too long. The text is base64 in them, so nothing of it
/// can act on the terminal.
pub fn osc52(text: &str, wrap: Wrap) -> Option<Vec<u8>> {
    let encoded = BASE64_STANDARD.encode(text);
    if encoded.len() > LIMIT {
        return None;
    }
    let plain = format!("\x1b]52;c;{encoded}\x07");
    let sequence = match wrap {
        Wrap::None => plain,
        // tmux takes the plain form where `set-clipboard` is on, and hands the wrapped one to the terminal outside
        // where `allow-passthrough` is; whichever holds, the other is ignored.
        Wrap::Tmux => {
            let inner = plain.replace('\x1b', "\x1b\x1b");
            format!("{plain}\x1bPtmux;{inner}\x1b\\")
        }
        Wrap::Screen => {
            let pieces = plain.as_bytes().chunks(SCREEN_PIECE);
            let pieces = pieces.map(|p| format!("\x1bP{}\x1b\\", String::from_utf8_lossy(p)));
            pieces.collect()
        }
    };
    Some(sequence.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_base64_is_between_the_escapes() {
        let bytes = osc52("a\x1b[2J\x07é", Wrap::None).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let inner = text
            .strip_prefix("\x1b]52;c;")
            .and_then(|t| t.strip_suffix('\x07'))
            .unwrap();
        assert_eq!(
            BASE64_STANDARD.decode(inner).unwrap(),
            "a\x1b[2J\x07é".as_bytes()
        );
    }

    #[test]
    fn multiplexers_get_their_wrapping() {
        let shown = |wrap| String::from_utf8(osc52("hi", wrap).unwrap()).unwrap();
        assert_eq!(
            shown(Wrap::Tmux),
            "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"
        );
        assert_eq!(shown(Wrap::Screen), "\x1bP\x1b]52;c;aGk=\x07\x1b\\");
        let long = String::from_utf8(osc52(&"x".repeat(1_000), Wrap::Screen).unwrap()).unwrap();
        let joined = long.replace("\x1b\\\x1bP", "");
        let plain = String::from_utf8(osc52(&"x".repeat(1_000), Wrap::None).unwrap()).unwrap();
        assert_eq!(joined, format!("\x1bP{plain}\x1b\\"));
        for (tmux, sty, want) in [
            (Some("/tmp/t,1,0"), Some("1.pts-0"), Wrap::Tmux),
            (Some(""), Some("1234.pts-0.host"), Wrap::Screen),
            (None, Some(""), Wrap::None),
            (None, None, Wrap::None),
        ] {
            assert_eq!(Wrap::find(tmux, sty), want);
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        // 3 bytes become 4: the longest text that fits, and one more.
        let fits = LIMIT / 4 * 3;
        assert!(osc52(&"x".repeat(fits), Wrap::None).is_some());
        assert!(osc52(&"x".repeat(fits + 1), Wrap::None).is_none());
    }
}
