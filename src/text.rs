//! The one sanitiser: every byte of log content passes here on its way to a terminal.
