//! Tests of runs, against the demo.
