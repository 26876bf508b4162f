//! The query's terms as chips. A term that is switched off leaves the query and stays as a chip.

use crate::query::Query;
use crate::query::ast::Ast;

/// A term of the query, or one that was switched off.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chip {
    pub(super) term: Ast,
    pub(super) on: bool,
}

impl Chip {
    fn on(term: Ast) -> Self {
        Self { term, on: true }
    }

    pub(super) fn text(&self) -> String {
        let ast = self.term.clone();
        Query { ast }.to_string()
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Chips {
    chips: Vec<Chip>,
    /// The chip that is being edited while it is off: what comes of it takes its place.
    edited: Option<Ast>,
}

impl Chips {
    pub(super) fn list(&self) -> &[Chip] {
        &self.chips
    }

    /// Adds a term that is switched off, unless it is there.
    pub(super) fn add_off(&mut self, term: Ast) {
        if self.chips.iter().all(|chip| chip.term != term) {
            self.chips.push(Chip { term, on: false });
        }
    }

    pub(super) fn len(&self) -> usize {
        self.chips.len()
    }

    /// Follows a query that changed: its terms in their order, those switched off where they stood.
    pub(super) fn follow(&mut self, query: &Query) {
        let terms = query.conjuncts();
        let mut taken = vec![false; terms.len()];
        let mut place = vec![None; self.chips.len()];
        // A chip that is on is itself; one that is off comes on only if its term was written once more.
        for on in [true, false] {
            for (chip, place) in self.chips.iter().zip(&mut place) {
                let free = |(i, term): (usize, &Ast)| !taken[i] && *term == chip.term;
                if chip.on == on
                    && let Some(i) = terms.iter().enumerate().position(free)
                {
                    taken[i] = true;
                    *place = Some(i);
                }
            }
        }
        let edited = self.edited.take();
        // Those that stay off, by the term that they stand behind.
        let mut off: Vec<Vec<Chip>> = vec![Vec::new(); terms.len() + 1];
        let mut slot = 0;
        for (chip, place) in self.chips.drain(..).zip(place) {
            match place {
                Some(i) => slot = i + 1,
                None if chip.on || edited.as_ref() == Some(&chip.term) => {}
                None => off[slot].push(chip),
            }
        }
        let mut off = off.into_iter();
        self.chips.extend(off.next().into_iter().flatten());
        for (term, behind) in terms.into_iter().zip(off) {
            self.chips.push(Chip::on(term));
            self.chips.extend(behind);
        }
    }

    /// Forgets the chips that are switched off.
    pub(super) fn forget(&mut self) {
        self.chips.retain(|chip| chip.on);
    }

    /// The query of those that are on.
    pub(super) fn query(&self) -> Query {
        let on = self.chips.iter().filter(|c| c.on);
        Query::from_conjuncts(on.map(|c| c.term.clone()).collect())
    }

    pub(super) fn toggle(&mut self, i: usize) {
        if let Some(chip) = self.chips.get_mut(i) {
            chip.on = !chip.on;
        }
    }

    /// All off, or all on if none is.
    pub(super) fn toggle_all(&mut self) {
        let any = self.chips.iter().any(|c| c.on);
        self.chips.iter_mut().for_each(|c| c.on = !any);
    }

    pub(super) fn remove(&mut self, i: usize) {
        if i < self.chips.len() {
            self.chips.remove(i);
        }
    }

    /// Turns a term into its opposite. `-(a b)` becomes two terms.
    pub(super) fn negate(&mut self, i: usize) {
        if let Some(chip) = self.chips.get(i) {
            let ast = chip.term.clone().negated();
            let terms = Query { ast }.conjuncts();
            self.chips.splice(i..=i, terms.into_iter().map(Chip::on));
        }
    }

    /// The query's text with the cursor at the end of this term, which is part of it even if it is off.
    pub(super) fn edit(&mut self, i: usize) -> Option<(String, usize)> {
        let chip = self.chips.get(i)?;
        self.edited = (!chip.on).then(|| chip.term.clone());
        let shown: Vec<usize> = (0..self.chips.len())
            .filter(|at| *at == i || self.chips[*at].on)
            .collect();
        let alone = shown.len() == 1;
        let (mut text, mut cursor) = (String::new(), 0);
        for at in shown {
            let chip = &self.chips[at];
            if !text.is_empty() {
                text.push(' ');
            }
            let inner = chip.text();
            let group = !alone && matches!(chip.term, Ast::And(_) | Ast::Or(_));
            if group {
                text.push('(');
            }
            text.push_str(&inner);
            if at == i {
                cursor = text.len();
            }
            if group {
                text.push(')');
            }
        }
        Some((text, cursor))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    fn chips(text: &str) -> Chips {
        let mut chips = Chips::default();
        chips.follow(&parse(text));
        chips
    }

    /// `+a -b`: which are on.
    fn shown(chips: &Chips) -> String {
        let sign = |c: &Chip| format!("{}{}", if c.on { '+' } else { '-' }, c.text());
        chips.list().iter().map(sign).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn of_two_equal_terms_one_can_be_switched_off() {
        let mut chips = chips("a b a");
        chips.toggle(0);
        assert_eq!(chips.query(), parse("b a"));
        chips.follow(&parse("b a"));
        assert_eq!(shown(&chips), "-a +b +a");
    }

    #[test]
    fn those_switched_off_keep_their_place_while_the_query_is_edited() {
        let mut chips = chips("a b c");
        chips.toggle(1);
        chips.follow(&parse("c new a"));
        assert_eq!(shown(&chips), "+c +new +a -b");
        chips.follow(&parse("b"));
        assert_eq!(shown(&chips), "+b");
    }

    #[test]
    fn an_or_is_one_chip() {
        let mut chips = chips("a OR b");
        assert_eq!(shown(&chips), "+a OR b");
        assert_eq!(chips.edit(0), Some(("a OR b".into(), 6)));
        chips.follow(&parse("(a OR b) c"));
        assert_eq!(chips.list().len(), 2);
        assert_eq!(chips.edit(0), Some(("(a OR b) c".into(), 7)));
        chips.negate(0);
        assert_eq!(chips.query(), parse("-(a OR b) c"));
    }

    #[test]
    fn a_negated_group_falls_apart_into_its_terms() {
        let mut chips = chips("-(a b) c");
        chips.negate(0);
        assert_eq!(shown(&chips), "+a +b +c");
        chips.follow(&chips.query());
        assert_eq!(shown(&chips), "+a +b +c");
    }

    #[test]
    fn what_comes_of_editing_a_chip_that_is_off_takes_its_place() {
        let mut chips = chips("a b");
        chips.toggle(0);
        chips.follow(&parse("b"));
        assert_eq!(chips.edit(0), Some(("a b".into(), 1)));
        chips.follow(&parse("ax b"));
        assert_eq!(shown(&chips), "+ax +b");
    }

    fn text() -> impl Strategy<Value = String> {
        let term = prop::sample::select(vec![
            "a", "b", "actor:x", "-a", "(a OR b)", "-(a b)", "-*", "since:1h", "f:(x y)",
        ]);
        prop::collection::vec(term, 0..6).prop_map(|terms| terms.join(" "))
    }

    proptest! {
        #[test]
        fn chips_and_query_stay_one_tree(start in text(), steps in prop::collection::vec((0usize..6, 0usize..6, text()), 0..20)) {
            let mut chips = chips(&start);
            prop_assert_eq!(chips.query(), parse(&start));
            for (step, i, text) in steps {
                match step {
                    0 | 1 => chips.toggle(i),
                    2 => chips.toggle_all(),
                    3 => chips.negate(i),
                    4 => chips.remove(i),
                    _ => {
                        let off = chips.list().iter().filter(|c| !c.on).count();
                        chips.follow(&parse(&text));
                        prop_assert_eq!(chips.query(), parse(&text));
                        prop_assert!(chips.list().iter().filter(|c| !c.on).count() <= off);
                    }
                }
                // What the chips make in force comes back to them and changes nothing.
                let before = chips.list().to_vec();
                let query = chips.query();
                prop_assert_eq!(Query::parse(&query.to_string()), Ok(query.clone()));
                chips.follow(&query);
                prop_assert_eq!(chips.list(), &before[..]);
                for i in 0..chips.len() {
                    let (text, cursor) = chips.clone().edit(i).unwrap();
                    prop_assert!(text.is_char_boundary(cursor));
                    let query = parse(&text);
                    prop_assert!(query.conjuncts().contains(&chips.list()[i].term), "{}", text);
                }
            }
        }
    }
}
