//! Plain ASCII: what the console itself writes beyond it, in the last step before the terminal.

use ratatui::buffer::Buffer;

/// Replaces the console's own signs by ASCII of the same width. Names and messages of others keep
/// their letters.
pub fn plain(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if let Some(sign) = sign(cell.symbol()) {
            cell.set_symbol(sign);
        }
    }
}

fn sign(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "…" => "~",
        "·" => ".",
        "–" | "—" | "─" => "-",
        "│" => "|",
        "┌" | "┐" | "└" | "┘" | "╭" | "╮" | "╰" | "╯" => "+",
        "»" | "→" | "≥" => ">",
        "≤" => "<",
        "×" => "x",
        "°" => "'",
        "⏎" => "$",
        "↑" => "^",
        "↓" => "v",
        "✓" => "+",
        "✗" => "x",
        "↩" | "←" => "<",
        "◦" => "o",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_ascii_and_names_stay() {
        let mut buffer = Buffer::with_lines(["a…b 3 → 4", "한국 ─ · – »"]);
        plain(&mut buffer);
        assert_eq!(buffer, Buffer::with_lines(["a~b 3 > 4", "한국 - . - >"]));
    }
}
