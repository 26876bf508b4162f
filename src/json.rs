//! The token-preserving JSON reader (RFC 8259): numbers and strings keep the bytes they were written with, so that
//! hashes over a record can be recomputed; nothing recurses, so depth costs a bit an open level and no stack.

mod string;

pub use string::{escape_into, plain_within, unescape, unescape_within};

/// Deepest nesting that is read; deeper records are shown as they are, with the reason.
pub const MAX_DEPTH: usize = 512;

/// A token with the bytes it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    BeginObject,
    EndObject,
    BeginArray,
    EndArray,
    /// A member name, quotes included.
    Key(&'a [u8]),
    /// A string, quotes included.
    Str(&'a [u8]),
    Num(&'a [u8]),
    True,
    False,
    Null,
}

/// Where and why reading stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct JsonError {
    /// 0-based.
    pub offset: usize,
    pub message: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// After `[`: a value or `]`.
    FirstItem,
    /// After `{`: a key or `}`.
    FirstKey,
    Key,
    /// After a value: `,` or the closing bracket.
    CommaOrEnd,
    Done,
}

/// A pull reader over one JSON value. Strings must be valid UTF-8 and hold no raw control characters.
pub struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
    expect: Expect,
    /// One entry an open level: `true` = object.
    stack: Vec<bool>,
    /// Of the last string or member name.
    has_escapes: bool,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            pos: 0,
            expect: Expect::Value,
            stack: Vec::new(),
            has_escapes: false,
        }
    }

    /// Whether the last string or member name holds an escape.
    pub fn has_escapes(&self) -> bool {
        self.has_escapes
    }

    /// Byte offset just after the last token.
    pub fn offset(&self) -> usize {
        self.pos
    }

    /// How many brackets are open.
    pub fn depth(&self) -> usize {
        self.stack.len()
    }

    fn error<T>(&self, message: &'static str) -> Result<T, JsonError> {
        Err(JsonError {
            offset: self.pos,
            message,
        })
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.pos) {
            self.pos += 1;
        }
    }

    /// The next token, or `None` after the value's end; what follows the value is left to the caller.
    pub fn next_token(&mut self) -> Result<Option<Token<'a>>, JsonError> {
        loop {
            if self.expect == Expect::Done {
                return Ok(None);
            }
            self.skip_space();
            let Some(&byte) = self.bytes.get(self.pos) else {
                return self.error("the record ends inside a JSON value");
            };
            match self.expect {
                Expect::CommaOrEnd => {
                    let object = self.stack.last().copied().unwrap_or(false);
                    match byte {
                        b',' => {
                            self.pos += 1;
                            self.expect = if object { Expect::Key } else { Expect::Value };
                        }
                        b'}' if object => return Ok(Some(self.close(Token::EndObject))),
                        b']' if !object => return Ok(Some(self.close(Token::EndArray))),
                        _ => return self.error("expected a comma or a closing bracket"),
                    }
                }
                Expect::FirstKey if byte == b'}' => return Ok(Some(self.close(Token::EndObject))),
                Expect::FirstKey | Expect::Key => {
                    if byte != b'"' {
                        return self.error("expected a member name in quotes");
                    }
                    let key = self.string()?;
                    self.skip_space();
                    if self.bytes.get(self.pos) != Some(&b':') {
                        return self.error("expected a colon after the member name");
                    }
                    self.pos += 1;
                    self.expect = Expect::Value;
                    return Ok(Some(Token::Key(key)));
                }
                Expect::FirstItem if byte == b']' => return Ok(Some(self.close(Token::EndArray))),
                _ => return self.value(byte).map(Some),
            }
        }
    }

    fn open(&mut self, object: bool) -> Result<(), JsonError> {
        if self.stack.len() >= MAX_DEPTH {
            return self.error("nested too deeply");
        }
        self.pos += 1;
        self.stack.push(object);
        self.expect = if object {
            Expect::FirstKey
        } else {
            Expect::FirstItem
        };
        Ok(())
    }

    fn close(&mut self, token: Token<'a>) -> Token<'a> {
        self.pos += 1;
        self.stack.pop();
        self.after_value();
        token
    }

    fn after_value(&mut self) {
        self.expect = if self.stack.is_empty() {
            Expect::Done
        } else {
            Expect::CommaOrEnd
        };
    }

    fn value(&mut self, byte: u8) -> Result<Token<'a>, JsonError> {
        let token = match byte {
            b'{' => {
                self.open(true)?;
                return Ok(Token::BeginObject);
            }
            b'[' => {
                self.open(false)?;
                return Ok(Token::BeginArray);
            }
            b'"' => Token::Str(self.string()?),
            b't' => self.literal(b"true", Token::True)?,
            b'f' => self.literal(b"false", Token::False)?,
            b'n' => self.literal(b"null", Token::Null)?,
            b'-' | b'0'..=b'9' => Token::Num(self.number()?),
            _ => return self.error("expected a JSON value"),
        };
        self.after_value();
        Ok(token)
    }

    fn literal(&mut self, word: &'static [u8], token: Token<'a>) -> Result<Token<'a>, JsonError> {
        if self.bytes[self.pos..].starts_with(word) {
            self.pos += word.len();
            Ok(token)
        } else {
            self.error("expected a JSON value")
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.pos;
        while self.bytes.get(self.pos).is_some_and(u8::is_ascii_digit) {
            self.pos += 1;
        }
        self.pos - start
    }

    fn number(&mut self) -> Result<&'a [u8], JsonError> {
        let start = self.pos;
        if self.bytes[self.pos] == b'-' {
            self.pos += 1;
        }
        let zero = self.bytes.get(self.pos) == Some(&b'0');
        let whole = self.digits();
        if whole == 0 || (zero && whole > 1) {
            return self.error("malformed number");
        }
        if self.bytes.get(self.pos) == Some(&b'.') {
            self.pos += 1;
            if self.digits() == 0 {
                return self.error("malformed number");
            }
        }
        if matches!(self.bytes.get(self.pos), Some(b'e' | b'E')) {
            self.pos += 1;
            if matches!(self.bytes.get(self.pos), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            if self.digits() == 0 {
                return self.error("malformed number");
            }
        }
        Ok(&self.bytes[start..self.pos])
    }

    fn string(&mut self) -> Result<&'a [u8], JsonError> {
        let start = self.pos;
        self.pos += 1;
        self.has_escapes = false;
        loop {
            let Some(n) = run_length(&self.bytes[self.pos..]) else {
                self.pos = self.bytes.len();
                return self.error("the record ends inside a string");
            };
            self.pos += n;
            match self.bytes[self.pos] {
                b'"' => {
                    self.pos += 1;
                    return Ok(&self.bytes[start..self.pos]);
                }
                b'\\' => {
                    self.has_escapes = true;
                    let escape = self.bytes.get(self.pos + 1);
                    let length = match escape {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') => {
                            let hex = self.bytes.get(self.pos + 2..self.pos + 6);
                            if !hex.is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit)) {
                                return self.error("malformed \\u escape");
                            }
                            6
                        }
                        Some(_) => return self.error("unknown escape"),
                        None => return self.error("the record ends inside a string"),
                    };
                    self.pos += length;
                }
                _ => return self.error("raw control character inside a string"),
            }
        }
    }
}

/// Bytes before the first that needs a look: the string's end, an escape, a control character; eight at a time.
fn run_length(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHS: u64 = ONES << 7;
    let (words, _) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte that is zero in `x`; above the lowest such byte there may be wrong ones.
        let zeros = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let ends = zeros(word ^ (ONES * u64::from(b'"')))
            | zeros(word ^ (ONES * u64::from(b'\\')))
            | controls;
        if ends != 0 {
            return Some(at * 8 + ends.trailing_zeros() as usize / 8);
        }
    }
    let done = words.len() * 8;
    let rest = bytes[done..].iter();
    let n = rest.take_while(|b| !ENDS_RUN[usize::from(**b)]).count();
    (done + n < bytes.len()).then_some(done + n)
}

/// Bytes of a string that need a look: its end, escapes, control characters.
const ENDS_RUN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// Whether the bytes are exactly one JSON object (blanks around it allowed).
pub fn is_object(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    if !matches!(reader.next_token(), Ok(Some(Token::BeginObject))) {
        return false;
    }
    loop {
        match reader.next_token() {
            Ok(Some(_)) => {}
            Ok(None) => return bytes[reader.offset()..].iter().all(u8::is_ascii_whitespace),
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, JsonError> {
        let mut reader = Reader::new(text.as_bytes());
        let mut out = Vec::new();
        while let Some(token) = reader.next_token()? {
            out.push(match token {
                Token::Key(k) => format!("k{}", String::from_utf8_lossy(k)),
                Token::Str(s) | Token::Num(s) => String::from_utf8_lossy(s).into_owned(),
                other => format!("{other:?}"),
            });
        }
        Ok(out)
    }

    #[test]
    fn runs_end_where_a_byte_needs_a_look() {
        let plain: Vec<u8> = (0x20..=0xff_u8).filter(|b| !b"\"\\".contains(b)).collect();
        assert_eq!(run_length(&plain), None);
        for end in (0..0x20).chain([b'"', b'\\']) {
            for at in 0..20 {
                let mut bytes = plain[plain.len() - at..].to_vec();
                bytes.push(end);
                bytes.extend(b"after\"\x01");
                assert_eq!(run_length(&bytes), Some(at), "{end:#x}");
            }
        }
    }

    #[test]
    fn tokens_keep_their_spelling() {
        assert_eq!(
            read(r#" { "a" : [1.0, -1e-07,"\u00e9\"" , true,null , {} ,[]] } rest"#).unwrap(),
            [
                "BeginObject",
                "k\"a\"",
                "BeginArray",
                "1.0",
                "-1e-07",
                r#""\u00e9\"""#,
                "True",
                "Null",
                "BeginObject",
                "EndObject",
                "BeginArray",
                "EndArray",
                "EndArray",
                "EndObject"
            ]
        );
    }

    #[test]
    fn malformed_values_say_where() {
        for (text, offset) in [
            ("", 0),
            ("{", 1),
            ("{\"a\" 1}", 5),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{,}", 1),
            ("01", 2),
            ("1.", 2),
            ("\"a", 2),
            ("\"\\x\"", 1),
            ("\"\u{1}\"", 1),
            ("tru", 0),
            ("{\"a\":1,}", 7),
        ] {
            assert_eq!(read(text).unwrap_err().offset, offset, "{text:?}");
        }
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let deep = "[".repeat(100_000);
        assert_eq!(read(&deep).unwrap_err().message, "nested too deeply");
        let fine = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert_eq!(read(&fine).unwrap().len(), 2 * MAX_DEPTH);
    }
}
