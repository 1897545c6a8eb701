//! Files, cards and data that are refused, each with a line that says what to do.
