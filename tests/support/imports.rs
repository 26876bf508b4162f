//! Reads the imports of a Rust source: `use` trees and paths in the code, as far as they start at a known module.

/// A path into this crate that a source names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// 1-based.
    pub(crate) line: usize,
    /// The module that names it, inline modules included.
    pub(crate) from: Vec<String>,
    /// The path named, from the crate's root on.
    pub(crate) to: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Path,
    Sign(char),
}

/// Every path of `text`, the source of `module`, that begins with `crate`, `self` or `super`.
pub(crate) fn imports(text: &str, module: &[String]) -> Vec<Import> {
    let tokens = tokens(text);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        module: module.to_vec(),
        found: Vec::new(),
    };
    reader.read();
    reader.found
}

struct Reader<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    module: Vec<String>,
    found: Vec<Import>,
}

impl Reader<'_> {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(_, token)| token)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn read(&mut self) {
        // Open braces, each with whether it opened an inline module.
        let mut braces = Vec::new();
        while let Some(token) = self.token(0).cloned() {
            let follows_path = self.at > 0 && self.tokens[self.at - 1].1 == Token::Path;
            match token {
                Token::Word(word)
                    if matches!(word.as_str(), "crate" | "super" | "self")
                        && !follows_path
                        && self.token(1) == Some(&Token::Path) =>
                {
                    self.tree(&mut Vec::new());
                    continue;
                }
                Token::Word(word) if word == "mod" && self.token(2) == Some(&Token::Sign('{')) => {
                    let name = self.word(1).unwrap_or_default().to_owned();
                    self.module.push(name);
                    braces.push(true);
                    self.at += 3;
                    continue;
                }
                Token::Sign('{') => braces.push(false),
                Token::Sign('}') if braces.pop() == Some(true) => {
                    self.module.pop();
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// A path or a tree of paths; `prefix` is what stands before it.
    fn tree(&mut self, prefix: &mut Vec<String>) {
        let depth = prefix.len();
        let line = self.tokens[self.at].0;
        loop {
            match self.token(0).cloned() {
                Some(Token::Word(word)) => {
                    self.at += 1;
                    prefix.push(word);
                }
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    while self.token(0).is_some_and(|t| *t != Token::Sign('}')) {
                        self.tree(prefix);
                        // `as name` and the comma after it.
                        while self
                            .token(0)
                            .is_some_and(|t| !matches!(t, Token::Sign(',' | '}')))
                        {
                            self.at += 1;
                        }
                        if self.token(0) == Some(&Token::Sign(',')) {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    break;
                }
                _ => {
                    // `*`, or `<` of a generic argument: the path up to here counts.
                    self.note(line, prefix);
                    break;
                }
            }
            if self.token(0) == Some(&Token::Path) {
                self.at += 1;
            } else {
                self.note(line, prefix);
                break;
            }
        }
        prefix.truncate(depth);
    }

    fn note(&mut self, line: usize, path: &[String]) {
        let mut base = self.module.clone();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                base.clear();
                rest = &path[1..];
            }
            Some("self") => rest = &path[1..],
            _ => {}
        }
        while rest.first().is_some_and(|part| part == "super") {
            base.pop();
            rest = &rest[1..];
        }
        // `{self, …}` is the path before it.
        base.extend(rest.iter().filter(|part| *part != "self").cloned());
        if !base.is_empty() {
            self.found.push(Import {
                line,
                from: self.module.clone(),
                to: base,
            });
        }
    }
}

/// Words and signs with their lines; comments and the contents of literals are left out.
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    let get = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let start = at;
        match chars[at] {
            '/' if get(at + 1) == '/' => at = until(&chars, at, |c| c == '\n'),
            '/' if get(at + 1) == '*' => at = block_comment(&chars, at),
            'r' | 'b' if raw_string(&chars, at).is_some() => {
                at = raw_string(&chars, at).unwrap_or(at + 1);
            }
            '"' => at = quoted(&chars, at, '"'),
            // A quote that no second one follows soon begins a lifetime.
            '\'' if get(at + 1) == '\\' || get(at + 2) == '\'' => at = quoted(&chars, at, '\''),
            c if c == '_' || c.is_alphabetic() => {
                at = until(&chars, at, |c| c != '_' && !c.is_alphanumeric());
                tokens.push((line, Token::Word(chars[start..at].iter().collect())));
            }
            ':' if get(at + 1) == ':' => {
                at += 2;
                tokens.push((line, Token::Path));
            }
            c => {
                at += 1;
                if !c.is_whitespace() {
                    tokens.push((line, Token::Sign(c)));
                }
            }
        }
        line += chars[start..at].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn until(chars: &[char], from: usize, end: impl Fn(char) -> bool) -> usize {
    let found = chars[from..].iter().position(|c| end(*c));
    found.map_or(chars.len(), |n| from + n)
}

fn block_comment(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// The end of the raw string that begins here, if one does.
fn raw_string(chars: &[char], from: usize) -> Option<usize> {
    let mut at = from + usize::from(chars[from] == 'b');
    if chars.get(at) != Some(&'r') || from > 0 && chars[from - 1].is_alphanumeric() {
        return None;
    }
    at += 1;
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    at += hashes;
    if chars.get(at) != Some(&'"') {
        return None;
    }
    let is_end = |at: usize| {
        chars[at] == '"'
            && chars[at + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes
    };
    let end = (at + 1..chars.len()).find(|at| is_end(*at))?;
    Some(end + 1 + hashes)
}

fn quoted(chars: &[char], from: usize, quote: char) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}
