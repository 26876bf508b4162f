//! Writes a query so that `parse` reads the same (normalised) tree.

use std::fmt::{self, Display, Formatter, Write};

use super::ast::{Ast, FieldRef, Op, Pattern, Test, TimeExpr, Words};
use super::glob::{Piece, pieces};
use super::lexer::placeholder_len;
use super::{Query, quote};
use crate::event::field::Field;

impl Display for Query {
    /// The empty text for a query that matches everything.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.ast == Ast::All {
            Ok(())
        } else {
            self.ast.fmt(f)
        }
    }
}

impl Display for Ast {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_char('*'),
            Self::And(list) => write_list(f, list, " ", |item| {
                matches!(item, Self::And(_) | Self::Or(_))
            }),
            Self::Or(list) => write_list(f, list, " OR ", |item| matches!(item, Self::Or(_))),
            Self::Not(inner) => {
                f.write_char('-')?;
                write_item(f, inner, matches!(**inner, Self::And(_) | Self::Or(_)))
            }
            Self::Words(words) => words.fmt(f),
            Self::Field(field, test) => write!(f, "{field}:{test}"),
            Self::Since(time) => write!(f, "since:{time}"),
            Self::Until(time) => write!(f, "until:{time}"),
        }
    }
}

fn write_list(
    f: &mut Formatter<'_>,
    list: &[Ast],
    join: &str,
    in_parens: fn(&Ast) -> bool,
) -> fmt::Result {
    if list.is_empty() {
        // Only trees that are not normalised hold empty lists: AND of nothing is everything, OR of nothing nothing.
        return f.write_str(if join == " " { "*" } else { "-*" });
    }
    for (i, item) in list.iter().enumerate() {
        if i > 0 {
            f.write_str(join)?;
        }
        write_item(f, item, in_parens(item))?;
    }
    Ok(())
}

fn write_item(f: &mut Formatter<'_>, item: &Ast, in_parens: bool) -> fmt::Result {
    if in_parens {
        write!(f, "({item})")
    } else {
        item.fmt(f)
    }
}

impl Display for Words {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.quoted {
            return f.write_str(&quote(&self.text));
        }
        write_unquoted(f, &self.text, |first, c| c == ':' || first && c == '-')
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.quoted {
            return f.write_str(&quote(&self.text));
        }
        let placeholder = placeholder_len(self.text.chars()).is_some();
        write_unquoted(f, &self.text, |first, c| {
            first && (matches!(c, '/' | '<' | '>' | '[') || c == '{' && !placeholder)
        })
    }
}

/// Writes unquoted text; `special(first, c)` names characters that mean something in this place only.
fn write_unquoted(
    f: &mut Formatter<'_>,
    text: &str,
    special: impl Fn(bool, char) -> bool,
) -> fmt::Result {
    for (i, piece) in pieces(text).into_iter().enumerate() {
        match piece {
            Piece::Star => f.write_char('*')?,
            Piece::Char(c) => {
                if matches!(c, '(' | ')' | '"' | '\\' | '*')
                    || c.is_whitespace()
                    || special(i == 0, c)
                {
                    f.write_char('\\')?;
                }
                f.write_char(c)?;
            }
        }
    }
    Ok(())
}

impl Display for FieldRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = match self {
            Self::Normal(field) => return f.write_str(field.name()),
            Self::Attribute(path) => path,
        };
        // A leading dot says: an attribute, not the normalised field of that name.
        let taken = path.is_empty()
            || path.starts_with('.')
            || Field::find(path).is_some()
            || ["since", "until"]
                .iter()
                .any(|name| path.eq_ignore_ascii_case(name));
        if taken {
            f.write_char('.')?;
        }
        for (i, c) in path.chars().enumerate() {
            if matches!(c, '(' | ')' | '"' | '\\' | ':')
                || c.is_whitespace()
                || (i == 0 && !taken && c == '-')
            {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        Ok(())
    }
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        })
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_char('*'),
            Self::Is(pattern) => pattern.fmt(f),
            Self::Regex(text) => write_regex(f, text),
            Self::Compare(op, text) => write!(f, "{op}{}", Literal(text)),
            Self::Range { lo, hi } => {
                let inclusive = |end: &Option<(String, bool)>| {
                    end.as_ref().is_none_or(|(_, inclusive)| *inclusive)
                };
                f.write_char(if inclusive(lo) { '[' } else { '{' })?;
                write_end(f, lo)?;
                f.write_str(" TO ")?;
                write_end(f, hi)?;
                f.write_char(if inclusive(hi) { ']' } else { '}' })
            }
            Self::Any(tests) => {
                f.write_char('(')?;
                for (i, test) in tests.iter().enumerate() {
                    if i > 0 {
                        f.write_char(' ')?;
                    }
                    test.fmt(f)?;
                }
                f.write_char(')')
            }
        }
    }
}

fn write_end(f: &mut Formatter<'_>, end: &Option<(String, bool)>) -> fmt::Result {
    match end {
        Some((text, _)) => Literal(text).fmt(f),
        None => f.write_char('*'),
    }
}

/// Writes a regular expression between slashes, its own slashes escaped.
fn write_regex(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('/')?;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '/' => f.write_str("\\/")?,
            '\\' => {
                f.write_char(c)?;
                chars.next().map_or(Ok(()), |next| f.write_char(next))?;
            }
            _ => f.write_char(c)?,
        }
    }
    f.write_char('/')
}

/// Text that stands for itself: quoted only where it has to be.
struct Literal<'a>(&'a str);

impl Display for Literal<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plain = |c: char| {
            c.is_alphanumeric()
                || matches!(c, '_' | '-' | '.' | ':' | '+' | ',' | '@' | '%' | '#' | '~')
        };
        let placeholder = placeholder_len(self.0.chars()) == Some(self.0.len());
        if placeholder || !self.0.is_empty() && self.0.chars().all(plain) {
            f.write_str(self.0)
        } else {
            f.write_str(&quote(self.0))
        }
    }
}

impl Display for TimeExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Literal(text).fmt(f),
            Self::At(time) => f.write_str(&time.brief()),
        }
    }
}
