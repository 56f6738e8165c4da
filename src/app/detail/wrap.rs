//! Details are complete: what does not fit into a line goes on in the next.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::app::detail::{Block, fact_names_width};
use crate::app::table::Cell;

/// Narrower than this, text is left to be cut: there is no terminal yet.
const LEAST: usize = 40;
/// What goes on stands below the text of a finding, behind its severity.
const INDENT: usize = 5;

/// Breaks facts and lines so that each fits into so many columns.
pub(super) fn wrap(blocks: &mut [Block], width: usize) {
    if width < LEAST {
        return;
    }
    for block in blocks {
        match block {
            Block::Facts(facts) => {
                let room = width.saturating_sub(fact_names_width(facts) + 4);
                *facts = std::mem::take(facts)
                    .into_iter()
                    .flat_map(|(name, value)| fact(name, &value, room))
                    .collect();
            }
            Block::Lines(lines) => {
                *lines = std::mem::take(lines)
                    .into_iter()
                    .flat_map(|cells| line(cells, width - 2))
                    .collect();
            }
            Block::Heading(_) | Block::Table(_) | Block::Charts(_) => {}
        }
    }
}

/// A fact, and what goes on of its value under no name.
fn fact(name: String, value: &Cell, room: usize) -> Vec<(String, Cell)> {
    let mut name = Some(name);
    pieces(&value.text, room, room)
        .into_iter()
        .map(|text| {
            let cell = Cell {
                text,
                ..value.clone()
            };
            (name.take().unwrap_or_default(), cell)
        })
        .collect()
}

/// A line of cells in as many lines as it takes.
fn line(cells: Vec<Cell>, width: usize) -> Vec<Vec<Cell>> {
    if cells.iter().map(|cell| cell.text.width()).sum::<usize>() <= width {
        return vec![cells];
    }
    let own = cells
        .first()
        .map_or(0, |cell| cell.text.len() - cell.text.trim_start().len());
    let indent = if own > 0 { own } else { INDENT }.min(width / 2);
    let mut lines = Vec::new();
    let mut current: Vec<Cell> = Vec::new();
    let mut used = 0;
    for cell in cells {
        let continued = !lines.is_empty() || used > 0;
        for (nth, text) in pieces(&cell.text, width.saturating_sub(used), width - indent)
            .into_iter()
            .enumerate()
        {
            if nth > 0 {
                lines.push(std::mem::take(&mut current));
                used = 0;
            }
            let text = if used == 0 && (continued || nth > 0) {
                format!("{}{}", " ".repeat(indent), text.trim_start())
            } else {
                text
            };
            used += text.width();
            current.push(Cell { text, ..cell.clone() });
        }
    }
    lines.push(current);
    lines
}

/// A text in pieces of at most so many columns, the first and the others; broken at blanks where
/// there are some.
fn pieces(text: &str, first: usize, others: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut room = first;
    while rest.width() > room {
        let mut used = 0;
        let mut end = 0;
        let mut blank = None;
        for (at, character) in rest.char_indices() {
            used += character.width().unwrap_or(0);
            if used > room {
                break;
            }
            end = at + character.len_utf8();
            // Blanks at the beginning are an indent, not a place to break.
            if character == ' ' && !rest[..at].trim().is_empty() {
                blank = Some(at);
            }
        }
        // A blank just behind is as good a place.
        if rest[end..].starts_with(' ') {
            blank = Some(end);
        }
        let at = match blank {
            Some(at) if at * 2 >= end || room < others => at,
            _ if room < others => 0,
            _ => end,
        };
        out.push(rest[..at].to_owned());
        rest = rest[at..].trim_start();
        if at == 0 && room == others {
            break;
        }
        room = others;
    }
    out.push(rest.to_owned());
    out
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn texts(lines: &[Vec<Cell>]) -> Vec<String> {
        lines
            .iter()
            .map(|cells| cells.iter().map(|cell| cell.text.as_str()).collect())
            .collect()
    }

    #[test]
    fn sentences_break_at_blanks_and_keep_their_indent() {
        let cells = vec![Cell::new(
            "     The daily backup window is within the hours of business.",
        )];
        assert_eq!(
            texts(&line(cells, 40)),
            [
                "     The daily backup window is within",
                "     the hours of business."
            ]
        );
    }

    #[test]
    fn cells_that_follow_go_on_below() {
        let cells = vec![
            Cell::new("CRIT"),
            Cell::new(" rev 4 stuck 14m, 11 failed tasks"),
            Cell::new("  ecs.deployment-stuck  since 10:46 KST"),
        ];
        assert_eq!(
            texts(&line(cells, 50)),
            [
                "CRIT rev 4 stuck 14m, 11 failed tasks",
                "     ecs.deployment-stuck  since 10:46 KST"
            ]
        );
    }

    #[test]
    fn words_without_blanks_break_anywhere_and_nothing_is_lost() {
        let arn = "arn:aws:ecs:us-east-1:555566667777:service/invokeai-cluster/invokeai-api";
        let parts = fact("arn".to_owned(), &Cell::new(arn), 40);
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].0.as_str(), parts[1].0.as_str()), ("arn", ""));
        let whole: String = parts.iter().map(|(_, cell)| cell.text.as_str()).collect();
        assert_eq!(whole, arn);
        let korean = "한국어로 된 아주 긴 설명이 여기에 있습니다";
        let parts = fact("설명".to_owned(), &Cell::new(korean), 12);
        assert!(parts.iter().all(|(_, cell)| cell.text.width() <= 12), "{parts:?}");
        let whole: Vec<&str> = parts.iter().map(|(_, cell)| cell.text.as_str()).collect();
        assert_eq!(whole.join(" "), korean);
    }
}
