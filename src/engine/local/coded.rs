//! Terms of the words that ids and times are made of: a few hexadecimal digits, whole or the beginning of more. They are
//! half of what is indexed, and so few that each has a code: nothing has to be looked up for them.

use super::terms::{CUT, WORD};

/// Codes of words that are whole, by their digits.
const WHOLE: [u32; 4] = [0, 0, 16, 16 + 256];
/// Codes of words that were cut to three digits, and to four.
const CUT_TO_3: u32 = WHOLE[3] + 4096;
const CUT_TO_4: u32 = CUT_TO_3 + 4096;

/// The code of a word's term, if it is one of those that have one. `kept` is folded.
pub(super) fn code(kept: &[u8], cut: bool) -> Option<u32> {
    let first = match (kept.len(), cut) {
        (digits @ 1..=3, false) => WHOLE[digits],
        (3, true) => CUT_TO_3,
        (4, true) => CUT_TO_4,
        _ => return None,
    };
    let mut number = 0;
    for byte in kept {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        number = number << 4 | u32::from(digit);
    }
    Some(first + number)
}

/// A term that has a code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coded {
    bytes: [u8; 6],
    length: u8,
}

impl Coded {
    /// The term of a code that [`code`] gave.
    pub(super) fn of(code: u32) -> Self {
        let (digits, first, cut) = match code {
            CUT_TO_4.. => (4, CUT_TO_4, true),
            CUT_TO_3.. => (3, CUT_TO_3, true),
            _ => {
                let digits = if code >= WHOLE[3] {
                    3
                } else {
                    1 + u8::from(code >= WHOLE[2])
                };
                (digits, WHOLE[usize::from(digits)], false)
            }
        };
        let mut bytes = [WORD; 6];
        for at in 1..=digits {
            let digit = (code - first) >> (4 * (digits - at)) & 0xf;
            bytes[usize::from(at)] = b"0123456789abcdef"[digit as usize];
        }
        if cut {
            bytes[usize::from(digits) + 1] = CUT;
        }
        Self {
            bytes,
            length: 1 + digits + u8::from(cut),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length.into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_terms_are_one_to_one() {
        let last = code(b"ffff", true).unwrap();
        for of in 0..=last {
            let coded = Coded::of(of);
            let (kind, word) = coded.bytes().split_first().unwrap();
            let kept = word.strip_suffix(&[CUT]).unwrap_or(word);
            assert_eq!(
                (*kind, code(kept, kept.len() < word.len())),
                (WORD, Some(of))
            );
        }
        let terms = ["0", "9f", "abc"].map(|word| Coded::of(code(word.as_bytes(), false).unwrap()));
        assert_eq!(
            terms.map(|t| t.bytes().to_vec()),
            [&b"W0"[..], b"W9f", b"Wabc"]
        );
        assert_eq!(Coded::of(code(b"9b3", true).unwrap()).bytes(), b"W9b3\xff");
    }

    #[test]
    fn other_words_have_none() {
        for (kept, cut) in [
            ("", false),
            ("xyz", false),
            ("2026", false),
            ("ab", true),
            ("01t10", true),
            ("é", false),
        ] {
            assert_eq!(code(kept.as_bytes(), cut), None, "{kept}");
        }
    }
}
