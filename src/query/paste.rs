//! What pasted text becomes in a query: itself where it is one, else one literal, quoted as its place needs.

use super::ast::{Ast, FieldRef};
use super::complete::{Kind, literal, place};
use super::lexer::Keyword;
use super::{Query, quote};

/// Whether the language reads a word as itself.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    !text.is_empty()
        && !text.starts_with(['-', '.'])
        && text.chars().all(plain)
        && Keyword::from_word(text).is_none()
}

/// What to insert at the cursor (a byte index) for `pasted`. `is_path` knows the attributes seen.
pub fn pasted(text: &str, cursor: usize, pasted: &str, is_path: &dyn Fn(&str) -> bool) -> String {
    let clean = pasted.trim();
    let Some(place) = place(text, cursor) else {
        return clean.to_owned();
    };
    if place.quoted {
        return clean.replace('\\', "\\\\").replace('"', "\\\"");
    }
    if !place.typed.is_empty() {
        // It goes on with a word that was begun: escaped, as a quote inside a word is refused.
        return escaped(clean);
    }
    let insert = match place.kind {
        Kind::Value(_) => {
            let lines = clean.lines().map(str::trim).filter(|line| !line.is_empty());
            let values: Vec<String> = lines.map(literal).collect();
            // A column of values is any of them.
            if place.listed || values.len() < 2 {
                values.join(" ")
            } else {
                format!("({})", values.join(" "))
            }
        }
        Kind::Time => literal(clean),
        Kind::Term if is_plain(clean) || is_query(clean, is_path) => clean.to_owned(),
        Kind::Term => quote(clean),
    };
    let touches = text[cursor..]
        .chars()
        .next()
        .is_some_and(|c| !c.is_whitespace() && c != ')');
    if touches { insert + " " } else { insert }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || matches!(c, '(' | ')' | '"' | '\\' | '*' | ':') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// Tests of fields that exist, and nothing else: somebody's query, not a piece of a log.
fn is_query(text: &str, is_path: &dyn Fn(&str) -> bool) -> bool {
    fn known(ast: &Ast, is_path: &dyn Fn(&str) -> bool) -> bool {
        match ast {
            Ast::And(list) | Ast::Or(list) => list.iter().all(|item| known(item, is_path)),
            Ast::Not(inner) => known(inner, is_path),
            Ast::Field(FieldRef::Normal(_), _) | Ast::Since(_) | Ast::Until(_) => true,
            Ast::Field(FieldRef::Attribute(path), _) => is_path(path),
            Ast::Words(_) | Ast::All => false,
        }
    }
    Query::parse(text).is_ok_and(|query| known(&query.ast, is_path))
}
