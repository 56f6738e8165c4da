//! Rows of the probe's output: cards, their optional fields, processes.

use crate::domain::gpu::card::{GpuCard, GpuProcess, RecoveryAction};
use crate::domain::gpu::probe::Field;
use crate::domain::gpu::value::{self, ColumnReader};
use crate::domain::text;

/// A line where a row of a query was expected.
pub(super) enum Row<'a> {
    /// The card's number and the columns after it, as many as were asked.
    Card { index: u32, columns: Vec<&'a str> },
    /// Starts like a card's row and has another number of columns.
    Malformed,
    /// Not a row: something that nvidia-smi had to say.
    Message(&'a str),
}

/// Splits a line of a query that asked `index` and then `asked` fields.
pub(super) fn split(line: &str, asked: usize) -> Row<'_> {
    let mut columns = line.split(',').map(str::trim);
    let index = columns.next().and_then(|first| first.parse().ok());
    let columns: Vec<&str> = columns.collect();
    match index {
        Some(index) if columns.len() == asked => Row::Card { index, columns },
        Some(_) => Row::Malformed,
        None => Row::Message(line),
    }
}

/// Puts the columns of `fields`, in the same order, into the card.
pub(super) fn fill(card: &mut GpuCard, fields: &[Field], columns: &[&str]) {
    for (field, column) in fields.iter().zip(columns) {
        fill_one(card, *field, column);
    }
}

fn fill_one(card: &mut GpuCard, field: Field, column: &str) {
    let mut reader = ColumnReader::new(&mut card.unread);
    match field {
        Field::Uuid => card.uuid = reader.read(field, column, value::words),
        Field::DriverVersion => card.driver = reader.read(field, column, value::words),
        Field::UtilizationGpu => card.util_percent = reader.read(field, column, value::percent),
        Field::MemoryUsed => card.mem_used_mib = reader.read(field, column, value::count),
        Field::MemoryTotal => card.mem_total_mib = reader.read(field, column, value::count),
        Field::TemperatureGpu => card.temp_c = reader.read(field, column, value::degrees),
        Field::PowerDraw => card.power_w = reader.read(field, column, value::number),
        Field::EnforcedPowerLimit => card.power_limit_w = reader.read(field, column, value::number),
        Field::Pstate => card.pstate = reader.read(field, column, value::words),
        Field::ClocksSm => card.clocks_sm_mhz = reader.read(field, column, value::count),
        Field::EccUncorrected => card.ecc_uncorrected = reader.read(field, column, value::count),
        Field::Name => card.product = reader.read(field, column, value::words),
        Field::ThrottleReasons => card.throttle = reader.read(field, column, value::throttle_reasons),
        Field::MigMode => card.mig = reader.read(field, column, value::switch),
        Field::RemappedRowsPending => {
            card.remapped_rows_pending = reader.read(field, column, value::switch);
        }
        Field::RemappedRowsFailure => {
            card.remapped_rows_failure = reader.read(field, column, value::switch);
        }
        Field::RecoveryAction => {
            card.recovery_action = reader.read(field, column, value::words).map(RecoveryAction::from);
        }
    }
}

/// A process and the start of the UUID of its card: `9a9a6c50,5762, 1005, python`. The name comes
/// last because it may hold commas.
pub(super) fn process(line: &str) -> Option<(&str, GpuProcess)> {
    let mut columns = line.splitn(4, ',').map(str::trim);
    let (card, pid, memory, name) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
    let process = GpuProcess {
        pid: pid.parse().ok()?,
        name: text::clean(name).into_owned(),
        mem_mib: value::optional(memory, value::count),
    };
    Some((card, process))
}

/// Whether the card's UUID starts as the probe shortened it.
pub(super) fn is_card(card: &GpuCard, start: &str) -> bool {
    /// Digits before the first hyphen of a UUID: what the probe leaves.
    const SHORTEST: usize = 8;
    card.uuid.as_deref().is_some_and(|uuid| {
        uuid == start
            || (start.len() >= SHORTEST
                && uuid
                    .strip_prefix("GPU-")
                    .is_some_and(|digits| digits.starts_with(start)))
    })
}
