//! Reads a query: recursive descent, NOT over AND over OR, bounded in length, depth and clauses.

use super::ast::{Ast, FieldRef, Op, Pattern, Test, TimeExpr, Words};
use super::lexer::{Keyword, Lexer, Name};
use super::value::{NO_TOKEN, has_token};
use super::{MAX_BYTES, MAX_CLAUSES, MAX_DEPTH, QueryError, bind, glob, substitute, time};
use crate::event::field::Field;

pub(super) fn parse(text: &str) -> Result<Ast, QueryError> {
    if text.len() > MAX_BYTES {
        let over = text
            .char_indices()
            .take_while(|(at, _)| *at < MAX_BYTES)
            .count();
        let width = text.chars().count().saturating_sub(over).max(1);
        let message = format!(
            "the query is {} bytes long; expected at most {MAX_BYTES}",
            text.len()
        );
        return Err(QueryError {
            column: over + 1,
            width,
            message,
        });
    }
    let mut parser = Parser {
        lexer: Lexer::new(text),
        depth: 0,
        clauses: 0,
    };
    parser.lexer.skip_blank();
    if parser.lexer.peek().is_none() {
        return Ok(Ast::All);
    }
    let ast = parser.any_of()?;
    // Only a closing parenthesis ends the outermost level early.
    if parser.lexer.peek().is_some() {
        return Err(parser.lexer.error(
            parser.lexer.pos(),
            "this ) was never opened; expected a term or the end",
        ));
    }
    Ok(ast.normalised())
}

struct Parser {
    lexer: Lexer,
    depth: usize,
    clauses: usize,
}

impl Parser {
    /// `a OR b`
    fn any_of(&mut self) -> Result<Ast, QueryError> {
        let mut list = vec![self.all_of()?];
        while self.lexer.eat_keyword(Keyword::Or) {
            list.push(self.all_of()?);
        }
        Ok(if list.len() == 1 {
            list.swap_remove(0)
        } else {
            Ast::Or(list)
        })
    }

    /// `a b`, `a AND b`; ends at OR, `)` or the end.
    fn all_of(&mut self) -> Result<Ast, QueryError> {
        let mut list = vec![self.negation()?];
        loop {
            self.lexer.skip_blank();
            match (self.lexer.peek(), self.lexer.keyword()) {
                (None | Some(')'), _) | (_, Some(Keyword::Or)) => break,
                (_, Some(Keyword::And)) => {
                    self.lexer.eat_keyword(Keyword::And);
                }
                _ => {}
            }
            list.push(self.negation()?);
        }
        Ok(if list.len() == 1 {
            list.swap_remove(0)
        } else {
            Ast::And(list)
        })
    }

    /// `NOT a`, `-a`, or a term
    fn negation(&mut self) -> Result<Ast, QueryError> {
        self.lexer.skip_blank();
        let start = self.lexer.pos();
        let minus = self.lexer.peek() == Some('-')
            && self
                .lexer
                .peek_at(1)
                .is_some_and(|c| !c.is_whitespace() && c != ')');
        if minus {
            self.lexer.eat('-');
        } else if !self.lexer.eat_keyword(Keyword::Not) {
            return self.primary();
        }
        self.enter(start)?;
        let inner = self.negation()?;
        self.depth -= 1;
        Ok(Ast::Not(Box::new(inner)))
    }

    fn enter(&mut self, start: usize) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.lexer.error(
                start,
                format!("nested too deeply; expected at most {MAX_DEPTH} levels"),
            ));
        }
        Ok(())
    }

    fn count_clause(&mut self, start: usize) -> Result<(), QueryError> {
        self.clauses += 1;
        if self.clauses > MAX_CLAUSES {
            return Err(self.lexer.error(
                start,
                format!("too many terms; expected at most {MAX_CLAUSES}"),
            ));
        }
        Ok(())
    }

    fn primary(&mut self) -> Result<Ast, QueryError> {
        let start = self.lexer.pos();
        match self.lexer.peek() {
            None => {
                return Err(self
                    .lexer
                    .error(start, "the query ends here; expected a term"));
            }
            Some(')') => return Err(self.lexer.error(start, "expected a term before this )")),
            Some('(') => return self.group(),
            _ => {}
        }
        if let Some(keyword) = self.lexer.keyword() {
            let word = keyword.as_str();
            return Err(self.lexer.error(
                start,
                format!("expected a term before {word}; quote \"{word}\" to search for it"),
            ));
        }
        self.count_clause(start)?;
        match self.lexer.name() {
            Some(name) => self.field(start, name),
            None => self.bare(start),
        }
    }

    fn group(&mut self) -> Result<Ast, QueryError> {
        let start = self.lexer.pos();
        self.lexer.eat('(');
        self.enter(start)?;
        let inner = self.any_of()?;
        self.depth -= 1;
        if !self.lexer.eat(')') {
            return Err(self.not_closed(start));
        }
        Ok(inner)
    }

    fn not_closed(&self, start: usize) -> QueryError {
        QueryError {
            column: start + 1,
            width: 1,
            message: "this ( is not closed; expected a ) at the end".into(),
        }
    }

    /// A word or phrase.
    fn bare(&mut self, start: usize) -> Result<Ast, QueryError> {
        let quoted = self.lexer.peek() == Some('"');
        let text = if quoted {
            self.quoted()?
        } else {
            self.lexer.word(&[])
        };
        if !quoted && self.lexer.peek() == Some('"') {
            return Err(self.stray_quote());
        }
        if !quoted && text == "*" {
            return Ok(Ast::All);
        }
        if !has_token(&text) && !substitute::has_placeholder(&text) {
            return Err(self.lexer.error(start, NO_TOKEN));
        }
        Ok(Ast::Words(Words { text, quoted }))
    }

    fn stray_quote(&self) -> QueryError {
        let start = self.lexer.pos();
        QueryError {
            column: start + 1,
            width: 1,
            message: "a quote inside a word; expected a blank before it (or quote the whole, with \\\" inside)".into(),
        }
    }

    /// A quoted text that has to be followed by a gap.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let text = self.lexer.quoted()?;
        if !self.lexer.at_gap() {
            let start = self.lexer.pos();
            return Err(self
                .lexer
                .error(start, "expected a blank after the closing quote"));
        }
        Ok(text)
    }

    /// What follows `name:`.
    fn field(&mut self, start: usize, name: Name) -> Result<Ast, QueryError> {
        if name.missing {
            return Err(self.lexer.error(
                start,
                "expected a field name before the colon; quote the text to search for it",
            ));
        }
        if !name.dotted && name.text.eq_ignore_ascii_case("since") {
            return Ok(Ast::Since(self.time()?));
        }
        if !name.dotted && name.text.eq_ignore_ascii_case("until") {
            return Ok(Ast::Until(self.time()?));
        }
        let field = match Field::find(&name.text) {
            Some(field) if !name.dotted => FieldRef::Normal(field),
            _ => FieldRef::Attribute(name.text),
        };
        let test = if self.lexer.peek() == Some('(') {
            self.values(&field)?
        } else {
            self.value(&field)?
        };
        Ok(Ast::Field(field, test))
    }

    fn time(&mut self) -> Result<TimeExpr, QueryError> {
        let start = self.lexer.pos();
        let text = self.literal(start, &[], time::EXPECTED)?;
        if !time::is_time(&text) && !substitute::has_placeholder(&text) {
            return Err(self
                .lexer
                .error(start, format!("expected {}", time::EXPECTED)));
        }
        Ok(TimeExpr::Text(text))
    }

    /// Quoted or unquoted text that stands for itself.
    fn literal(
        &mut self,
        start: usize,
        stops: &[char],
        expected: &str,
    ) -> Result<String, QueryError> {
        if self.lexer.peek() == Some('"') {
            return if stops.is_empty() {
                self.quoted()
            } else {
                self.lexer.quoted()
            };
        }
        let word = self.lexer.word(stops);
        if word.is_empty() {
            return Err(self.lexer.error(start, format!("expected {expected}")));
        }
        self.refuse_open_or_quote()?;
        Ok(glob::literal(&word).unwrap_or(word))
    }

    fn refuse_open_or_quote(&self) -> Result<(), QueryError> {
        match self.lexer.peek() {
            Some('"') => Err(self.stray_quote()),
            Some('(') => Err(QueryError {
                column: self.lexer.pos() + 1,
                width: 1,
                message:
                    "a parenthesis inside a value; expected a blank before it (or quote the value)"
                        .into(),
            }),
            _ => Ok(()),
        }
    }

    /// `(a b OR c)`: any of the values.
    fn values(&mut self, field: &FieldRef) -> Result<Test, QueryError> {
        let start = self.lexer.pos();
        self.lexer.eat('(');
        let mut tests = Vec::new();
        loop {
            self.lexer.skip_blank();
            let here = self.lexer.pos();
            if self.lexer.peek().is_none() {
                return Err(self.not_closed(start));
            }
            if !tests.is_empty() && self.lexer.eat(')') {
                return Ok(Test::Any(tests));
            }
            if !tests.is_empty() && self.lexer.eat_keyword(Keyword::Or) {
                self.lexer.skip_blank();
            }
            match (self.lexer.peek(), self.lexer.keyword()) {
                (Some(')'), _) => {
                    return Err(self
                        .lexer
                        .error(self.lexer.pos(), "expected a value before this )"));
                }
                (Some('('), _) => {
                    return Err(self
                        .lexer
                        .error(self.lexer.pos(), "expected a value, not another ("));
                }
                (_, Some(keyword)) => {
                    let word = keyword.as_str();
                    return Err(self.lexer.error(
                        here,
                        format!("expected a value; inside ( ) only OR joins, quote \"{word}\" to compare with it"),
                    ));
                }
                _ => {}
            }
            self.count_clause(here)?;
            tests.push(self.value(field)?);
        }
    }

    /// One value of a field, checked against what the field can hold.
    fn value(&mut self, field: &FieldRef) -> Result<Test, QueryError> {
        let start = self.lexer.pos();
        let test = self.read_value(start)?;
        if !substitute::test_has_placeholder(&test) {
            bind::check(field, &test).map_err(|e| self.lexer.error(start, e.message))?;
        }
        Ok(test)
    }

    fn read_value(&mut self, start: usize) -> Result<Test, QueryError> {
        match self.lexer.peek() {
            Some('"') => {
                return Ok(Test::Is(Pattern {
                    text: self.quoted()?,
                    quoted: true,
                }));
            }
            Some('[') => return self.range(),
            Some('{') if self.lexer.range_ahead() => return self.range(),
            Some('<' | '>') => return self.comparison(),
            Some('/') => {
                if let Some(regex) = self.lexer.regex() {
                    return Ok(Test::Regex(regex));
                }
            }
            _ => {}
        }
        if self.lexer.at_gap() {
            let message =
                "expected a value right after the colon (\"\" for the empty text, * for any)";
            return Err(self.lexer.error(start, message));
        }
        let text = self.lexer.word(&[]);
        self.refuse_open_or_quote()?;
        Ok(if text == "*" {
            Test::Exists
        } else {
            Test::Is(Pattern {
                text,
                quoted: false,
            })
        })
    }

    fn comparison(&mut self) -> Result<Test, QueryError> {
        let greater = self.lexer.peek() == Some('>');
        self.lexer.eat(if greater { '>' } else { '<' });
        let op = match (greater, self.lexer.eat('=')) {
            (true, false) => Op::Gt,
            (true, true) => Op::Ge,
            (false, false) => Op::Lt,
            (false, true) => Op::Le,
        };
        let text = self.literal(
            self.lexer.pos(),
            &[],
            "a value to compare with, right after the sign",
        )?;
        Ok(Test::Compare(op, text))
    }

    /// `[a TO b]`, `{a TO b}`, or mixed.
    fn range(&mut self) -> Result<Test, QueryError> {
        const FORM: &str =
            "a range, [a TO b] or {a TO b} (quote a value that begins with a bracket)";
        let start = self.lexer.pos();
        let from = self.lexer.eat('[');
        if !from {
            self.lexer.eat('{');
        }
        self.lexer.skip_blank();
        let lo = self.range_end(FORM)?;
        if !self.lexer.eat_to() {
            return Err(self.lexer.error(start, format!("expected {FORM}")));
        }
        let hi = self.range_end(FORM)?;
        self.lexer.skip_blank();
        let to = self.lexer.eat(']');
        if !to && !self.lexer.eat('}') {
            return Err(self
                .lexer
                .error(start, "this range is not closed; expected ] or }"));
        }
        if !self.lexer.at_gap() {
            return Err(self
                .lexer
                .error(self.lexer.pos(), "expected a blank after the range"));
        }
        Ok(Test::Range {
            lo: lo.map(|text| (text, from)),
            hi: hi.map(|text| (text, to)),
        })
    }

    /// One end of a range; `None` for `*`.
    fn range_end(&mut self, form: &str) -> Result<Option<String>, QueryError> {
        let start = self.lexer.pos();
        let quoted = self.lexer.peek() == Some('"');
        let text = self.literal(start, &[']', '}'], form)?;
        Ok((quoted || text != "*").then_some(text))
    }
}
