//! The records' own bytes: as they are into a file or pipe, made visible on a terminal.

use std::io::{self, Write};

use super::{Exporter, Style};
use crate::engine::Hit;
use crate::text;

pub(super) struct Raw {
    style: Style,
}

impl Raw {
    pub(super) fn new(style: Style) -> Self {
        Self { style }
    }
}

impl Exporter for Raw {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()> {
        if self.style.terminal {
            let shown = self.style.charset.block(&text::bytes(&hit.event.raw));
            out.write_all(shown.as_bytes())?;
        } else {
            out.write_all(&hit.event.raw)?;
        }
        out.write_all(b"\n")
    }
}
