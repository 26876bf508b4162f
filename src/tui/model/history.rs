//! Views that were left and can be gone back to, as in a browser.

use std::collections::VecDeque;

use super::{Model, Parked};
use crate::event::{SortKey, Timestamp};
use crate::query::Query;

/// Views kept; the oldest goes first.
pub const KEPT: usize = 200;

/// What is looked at: enough to look at it again.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub query: Query,
    /// The query as it was typed.
    pub text: String,
    pub anchor: Option<Timestamp>,
    pub parked: Option<Parked>,
    pub in_context: bool,
    pub follow: bool,
    pub selected: Option<SortKey>,
    /// The row of the screen that the selection stands on.
    pub row: usize,
}

impl View {
    pub fn of(model: &Model) -> Self {
        Self {
            query: model.query.clone(),
            text: model.query_bar.text().to_owned(),
            anchor: model.anchor,
            parked: model.parked.clone(),
            in_context: model.in_context,
            follow: model.events.follow,
            selected: model.events.selected_key(),
            row: model.events.selected_row(),
        }
    }

    /// Whether another query is in force now, so that this view is one to come back to.
    pub fn was_left(&self, model: &Model) -> bool {
        self.query != model.query || self.anchor != model.anchor
    }
}

/// Two stacks, as a browser has them.
#[derive(Clone, Debug, Default)]
pub struct History {
    back: VecDeque<View>,
    forward: Vec<View>,
    /// Steps back and forward so far.
    travels: u64,
    /// This key jumped, and the one before it.
    jumped: (bool, bool),
}

impl History {
    /// A new view takes the place of `left`: what lay forward is no longer on the way.
    pub fn push(&mut self, left: View) {
        self.forward.clear();
        if self.back.back() == Some(&left) {
            return;
        }
        self.back.push_back(left);
        if self.back.len() > KEPT {
            self.back.pop_front();
        }
    }

    /// A jump leaves a place of the list. One step back undoes several in a row.
    pub fn jump(&mut self, left: View) {
        if self.jumped == (false, false) {
            self.push(left);
        }
        self.jumped.0 = true;
    }

    /// Another key is pressed.
    pub fn next_key(&mut self) {
        self.jumped = (false, self.jumped.0);
    }

    /// The view before, `now` being kept to come forward to.
    pub fn back(&mut self, now: View) -> Option<View> {
        let mut view = self.back.pop_back()?;
        // A jump that led nowhere.
        while view == now {
            view = self.back.pop_back()?;
        }
        self.travels += 1;
        self.forward.push(now);
        Some(view)
    }

    pub fn forward(&mut self, now: View) -> Option<View> {
        let view = self.forward.pop()?;
        self.travels += 1;
        self.back.push_back(now);
        Some(view)
    }

    /// Changes with every step back or forward: a view that is left by one is kept already.
    pub fn travels(&self) -> u64 {
        self.travels
    }

    /// How many steps lie back.
    pub fn depth(&self) -> usize {
        self.back.len()
    }
}
