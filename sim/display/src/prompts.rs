//! Drawing of prompts: the request's text, buttons, check boxes and QR code.

use crate::canvas::{Align, Canvas};
use crate::screens::ScreenPainter;
use crate::theme;

impl ScreenPainter<'_> {
    /// Draws the prompt for the cardholder.
    pub(crate) fn prompt(&mut self) {
        self.background(theme::GROUND);
        let command = self.field("COMMAND").unwrap_or_default().to_owned();
        if let Some(data) = self.field("QRCODE_DATA").map(str::to_owned) {
            return self.code(&data);
        }
        let (text, y) = (self.screen.text.clone(), self.top + self.size(2) * 3);
        let text = if text.is_empty() || command == "EMAIL" { asked(&command).to_owned() } else { text };
        let below = self.paragraph(&text, y, self.size(2), theme::INK, 6);
        match command.as_str() {
            "SIGNATURE" | "SIGNATURE_EX" => self.signature_box("Sign here", below),
            "EMAIL" | "LOYALTY" => self.input_field(below),
            "GET_CARD_DATA" | "SCAN" | "BARCODEASYNC_START" => self.keys("Cancel", ""),
            _ => {
                let several = self.field("BUTTONS").map(|all| all.split('|').map(str::to_owned).collect::<Vec<_>>());
                let one = || self.field("BUTTON").map(|label| vec![label.to_owned()]);
                let labels = several.or_else(one).unwrap_or_default();
                let ticked: Vec<String> =
                    self.field("TICKED").map(|t| t.split('|').map(str::to_owned).collect()).unwrap_or_default();
                let ticked: Vec<&str> = ticked.iter().map(String::as_str).collect();
                if !labels.is_empty() {
                    let low = self.bottom() - self.margin() - self.size(2) * 4 - self.size(1) * 4;
                    let top = if labels.len() == 1 { low } else { below.max(self.top + self.room() / 3) };
                    self.buttons(&labels, &ticked, top);
                }
                if command == "CHECKBOX" {
                    self.keys("Cancel", "OK");
                }
            }
        }
    }

    fn signature_box(&mut self, label: &str, top: i32) {
        let (margin, size) = (self.margin(), self.size(1));
        let area = (self.width() - 2 * margin, self.bottom() - top - size * 5);
        self.canvas.fill((margin, top), area, 8, theme::PAPER);
        self.canvas.outline((margin, top), area, 8, theme::RULE);
        let y = top + area.1 * 3 / 4;
        self.canvas.line((margin * 2, y), (margin + area.0 - margin, y), (2, theme::RULE));
        self.canvas.text(label, (margin * 2, y + size * 2), size, Align::Left, theme::FAINT);
        self.keys("Cancel", "Done");
    }

    fn input_field(&mut self, top: i32) {
        let (margin, height) = (self.margin(), self.size(3) * 2);
        let width = self.width() - 2 * margin;
        self.canvas.fill((margin, top), (width, height), 6, theme::PAPER);
        self.canvas.outline((margin, top), (width, height), 6, theme::ACCENT);
        let text = self.screen.text.clone();
        let line = Canvas::clipped(&text, self.size(2), width - 20);
        let at = (margin + 10, top + height / 2 + self.size(2) / 2);
        self.canvas.text(&line, at, self.size(2), Align::Left, theme::INK);
        self.keys("Cancel", "Enter");
    }

    /// A QR code as large as the screen allows, with a quiet zone around it.
    fn code(&mut self, data: &str) {
        use qrcodegen::{QrCode, QrCodeEcc};
        let size = self.size(2);
        let text = self.screen.text.clone();
        let top = if text.is_empty() {
            self.top + size
        } else {
            self.paragraph(&text, self.top + size * 2, size, theme::INK, 2)
        };
        let label = self.field("BUTTON").unwrap_or_default().to_owned();
        let room = (self.bottom() - top - size * 5).min(self.width() - 2 * self.margin());
        if let Ok(code) = QrCode::encode_text(data, QrCodeEcc::Medium) {
            let dot = (room / (code.size() + 4)).max(1);
            let side = dot * (code.size() + 4);
            let (x, y) = (self.centre() - side / 2, top);
            self.canvas.fill((x, y), (side, side), 4, theme::PAPER);
            for row in 0..code.size() {
                for column in (0..code.size()).filter(|column| code.get_module(*column, row)) {
                    self.canvas.fill((x + dot * (column + 2), y + dot * (row + 2)), (dot, dot), 0, theme::BLACK);
                }
            }
        }
        self.keys("", &label);
    }

    /// Draws buttons: several columns on a display wider than 600 pixels, five columns for more than six, else one
    /// column.
    pub(crate) fn buttons(&mut self, labels: &[String], ticked: &[&str], top: i32) {
        let count = i32::try_from(labels.len()).unwrap_or(1).max(1);
        let (margin, size) = (self.margin(), self.size(2));
        let beside = self.width() > 600 && count <= 6;
        let columns = if beside {
            count.min(if count > 4 { 3 } else { 4 })
        } else if count > 6 {
            5
        } else {
            1
        };
        let rows = (count + columns - 1) / columns;
        let gap = (margin / 2).max(6);
        let width = (self.width() - 2 * margin - gap * (columns - 1)) / columns;
        let room = self.bottom() - margin - self.size(1) * 4 - top;
        let height = ((room - gap * (rows - 1)) / rows).clamp(size * 2, size * 4);
        for (at, label) in (0..).zip(labels) {
            let (column, row) = (at % columns, at / columns);
            let (x, y) = (margin + column * (width + gap), top + row * (height + gap));
            let is_ticked = ticked.contains(&label.as_str());
            let (fill, ink) = if is_ticked { (theme::GOOD, theme::PAPER) } else { (theme::ACCENT, theme::PAPER) };
            self.canvas.fill((x, y), (width, height), 8, fill);
            let label = Canvas::clipped(label, size, width - size);
            self.canvas.text(&label, (x + width / 2, y + height / 2 + size / 2), size, Align::Centre, ink);
        }
    }
}

/// The default text of a prompt, used if the request has none.
fn asked(command: &str) -> &'static str {
    match command {
        "EMAIL" => "Enter your e-mail address",
        "LOYALTY" => "Enter your number",
        "GET_CARD_DATA" => "Present a card",
        "SCAN" | "BARCODEASYNC_START" => "Hold the code before the reader",
        "SIGNATURE" | "SIGNATURE_EX" => "Please sign",
        "SURVEY5" | "SURVEY10" | "SURVEY" => "How was it?",
        "CHARITY" => "Would you like to give?",
        _ => "Please choose",
    }
}
