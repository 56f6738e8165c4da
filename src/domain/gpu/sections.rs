//! Takes the probe's output apart at its markers.

use crate::domain::gpu::probe::Field;

/// What the SSM agent puts between standard output and standard error.
const STDERR_TITLE: &str = "----------ERROR-------";

/// How the SSM agent ends an output that it cut.
const CUT_SUFFIX: &str = "---Output truncated---";

/// One marker's lines.
pub(super) struct Section<'a> {
    /// nvidia-smi's exit status; `None` if the marker was cut before it.
    pub(super) exit: Option<i32>,
    refused: Vec<&'a str>,
    pub(super) rows: Vec<&'a str>,
}

impl<'a> Section<'a> {
    /// `#gpu 0 ,refused,fields`, without the mark.
    fn open(words: &mut std::str::SplitAsciiWhitespace<'a>) -> Self {
        Self {
            exit: words.next().and_then(|word| word.parse().ok()),
            refused: words
                .next()
                .into_iter()
                .flat_map(|fields| fields.split(','))
                .filter(|field| !field.is_empty())
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Which of the fields that were asked its rows have.
    pub(super) fn answered(&self, asked: &[Field]) -> Vec<Field> {
        asked
            .iter()
            .copied()
            .filter(|field| !self.refused.contains(&field.name()))
            .collect()
    }

    /// The names of those that the driver does not know.
    pub(super) fn refused(&self, asked: &[Field]) -> impl Iterator<Item = &'static str> {
        asked
            .iter()
            .map(|field| field.name())
            .filter(|name| self.refused.contains(name))
    }
}

/// The output taken apart at its markers.
#[derive(Default)]
pub(super) struct Sections<'a> {
    pub(super) no_nvidia_smi: bool,
    pub(super) cards: Option<Section<'a>>,
    pub(super) optional: Option<Section<'a>>,
    pub(super) processes: Option<Section<'a>>,
    /// Of `#end`: how many processes found no place. `None` if the end is missing.
    pub(super) left_out: Option<u32>,
    /// Lines before the first marker.
    pub(super) noise: Vec<&'a str>,
}

impl<'a> Sections<'a> {
    pub(super) fn read(stdout: &'a str) -> Self {
        let mut sections = Self::default();
        // Without a line break at its end, the last line may have lost more than that.
        let mut cut_in_a_line = !stdout.ends_with('\n');
        for line in stdout.lines().map(str::trim) {
            cut_in_a_line |= line == CUT_SUFFIX;
            if line == STDERR_TITLE || line == CUT_SUFFIX || sections.left_out.is_some() {
                break;
            }
            let mut words = line.split_ascii_whitespace();
            // Markers count in their order only, each once.
            match words.next() {
                None => {}
                Some("#nosmi") if sections.cards.is_none() => sections.no_nvidia_smi = true,
                Some("#gpu") if sections.cards.is_none() => {
                    sections.cards = Some(Section::open(&mut words));
                }
                Some("#ext") if sections.optional.is_none() && sections.processes.is_none() => {
                    sections.optional = Some(Section::open(&mut words));
                }
                Some("#apps") if sections.processes.is_none() => {
                    sections.processes = Some(Section::open(&mut words));
                }
                Some("#end") => {
                    sections.left_out = words.next().and_then(|word| word.parse().ok());
                }
                Some(_) => match sections.last() {
                    Some(section) => section.rows.push(line),
                    None => sections.noise.push(line),
                },
            }
        }
        if sections.left_out.is_none()
            && cut_in_a_line
            && let Some(section) = sections.last()
        {
            // If it was the marker, its status may have lost digits.
            if section.rows.pop().is_none() {
                section.exit = None;
            }
        }
        sections
    }

    fn last(&mut self) -> Option<&mut Section<'a>> {
        self.processes
            .as_mut()
            .or(self.optional.as_mut())
            .or(self.cards.as_mut())
    }
}
