//! Earlier queries, for the keys that bring them back.

/// Queries that are kept.
const MOST: usize = 200;

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// Oldest first, each once.
    entries: Vec<String>,
    /// The one that is shown, and what was being written before.
    recalled: Option<(usize, String)>,
}

impl History {
    pub(super) fn entries(&self) -> &[String] {
        &self.entries
    }

    pub(super) fn set(&mut self, entries: Vec<String>) {
        *self = Self::default();
        entries.iter().for_each(|entry| self.add(entry));
    }

    /// Keeps a query; one that is there already becomes the newest.
    pub(super) fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.entries.retain(|entry| entry != text);
        self.entries.push(text.to_owned());
        let over = self.entries.len().saturating_sub(MOST);
        self.entries.drain(..over);
    }

    /// Begins again at the newest.
    pub(super) fn rest(&mut self) {
        self.recalled = None;
    }

    /// The query before the one shown; `now` is what is being written.
    pub(super) fn older(&mut self, now: &str) -> Option<String> {
        let at = self.recalled.as_ref().map_or(self.entries.len(), |r| r.0);
        let now = now.trim();
        let entries = self.entries.iter().enumerate().take(at).rev();
        let (index, found) = entries.into_iter().find(|(_, entry)| *entry != now)?;
        match &mut self.recalled {
            Some((at, _)) => *at = index,
            None => self.recalled = Some((index, now.to_owned())),
        }
        Some(found.clone())
    }

    /// The query after the one shown, at last what was being written.
    pub(super) fn newer(&mut self) -> Option<String> {
        let (at, draft) = self.recalled.take()?;
        let Some(entry) = self.entries.get(at + 1) else {
            return Some(draft);
        };
        self.recalled = Some((at + 1, draft));
        Some(entry.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_being_written_comes_back() {
        let mut history = History::default();
        for text in ["a", "b", " a ", "", "c"] {
            history.add(text);
        }
        assert_eq!(history.entries(), ["b", "a", "c"]);
        assert_eq!(history.newer(), None);
        assert_eq!(
            history.older("c ").as_deref(),
            Some("a"),
            "not what stands there"
        );
        assert_eq!(history.older("a").as_deref(), Some("b"));
        assert_eq!(history.older("b"), None);
        assert_eq!(history.newer().as_deref(), Some("a"));
        assert_eq!(history.newer().as_deref(), Some("c"));
        assert_eq!(history.newer().as_deref(), Some("c"), "the draft");
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn it_is_bounded() {
        let mut history = History::default();
        (0..500).for_each(|n| history.add(&n.to_string()));
        assert_eq!(history.entries().len(), MOST);
        assert_eq!(history.older("").as_deref(), Some("499"));
    }
}
