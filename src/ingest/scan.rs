//! Reading a file again for one search: what its index could not take.

use std::io::Read;
use std::sync::Arc;

use super::IngestError;
use super::reading::{InOrder, Reading};
use crate::engine::EngineError;
use crate::engine::sink::{Generation, Parsed, Scanner};
use crate::format::Registry;
use crate::source::{discover, open_stream};

/// Reads files from their first byte, leaving out what is indexed.
pub struct FileScanner {
    pub registry: Arc<Registry>,
    /// Zone of times that name none, as seconds east of UTC.
    pub zone_offset: i32,
}

impl Scanner for FileScanner {
    fn scan(
        &self,
        generation: &Generation,
        each: &mut dyn FnMut(Parsed) -> bool,
    ) -> Result<(), EngineError> {
        self.read(generation, each)
            .map_err(|error| EngineError::Index(format!("{}: {error}", generation.path.display())))
    }
}

impl FileScanner {
    fn read(
        &self,
        generation: &Generation,
        each: &mut dyn FnMut(Parsed) -> bool,
    ) -> Result<(), IngestError> {
        let discovery = discover(std::slice::from_ref(&generation.path));
        let mut files = discovery
            .roots
            .iter()
            .flat_map(|r| &r.sets)
            .flat_map(|s| &s.generations);
        let Some(file) = files.find(|f| f.path == generation.path) else {
            return Ok(());
        };
        let mut stream = open_stream(file)?;
        let mut head = Vec::new();
        (&mut stream)
            .take(64 << 10)
            .read_to_end(&mut head)
            .map_err(IngestError::Read)?;
        let Some(format) = self.registry.get_for(&generation.format, &head) else {
            return Ok(());
        };
        let mut reading = Reading::new(&self.registry, &format, generation, self.zone_offset);
        let mut framer = format.framer(0);
        let (mut order, mut frames) = (InOrder::default(), Vec::new());
        let mut piece = head;
        loop {
            let ended = piece.is_empty();
            if ended {
                framer.finish(&mut frames);
            } else {
                framer.push(&piece, &mut frames);
            }
            order.extend(&mut frames);
            let resume = if ended {
                u64::MAX
            } else {
                framer.resume_offset()
            };
            for mut frame in order.ready(resume) {
                frame.open = false;
                if generation.has(frame.offset) {
                    reading.look_back(&frame);
                } else if !each(reading.parse(frame, Some(1))) {
                    return Ok(());
                }
            }
            if ended {
                return Ok(());
            }
            piece.resize(1 << 20, 0);
            let got = stream.read(&mut piece).map_err(IngestError::Read)?;
            piece.truncate(got);
        }
    }
}
