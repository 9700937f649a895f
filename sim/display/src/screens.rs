//! Drawing of each screen, below the status bar.

use std::time::Duration;

use embedded_graphics::pixelcolor::Rgb888;
use sca_core::Screen;
use sca_protocol::models::Model;
use sca_protocol::screens::ScreenName;

use crate::canvas::{Align, Canvas};
use crate::icons::{self, CardMovement};
use crate::theme;

/// A screen that is being drawn onto a canvas.
pub(crate) struct ScreenPainter<'a> {
    pub(crate) canvas: &'a mut Canvas,
    pub(crate) screen: &'a Screen,
    pub(crate) model: &'a Model,
    /// The lower edge of the status bar.
    pub(crate) top: i32,
    pub(crate) now: Duration,
}

impl ScreenPainter<'_> {
    pub(crate) fn width(&self) -> i32 {
        self.canvas.width()
    }

    pub(crate) fn bottom(&self) -> i32 {
        self.canvas.height()
    }

    pub(crate) fn centre(&self) -> i32 {
        self.width() / 2
    }

    /// The height below the status bar.
    pub(crate) fn room(&self) -> i32 {
        self.bottom() - self.top
    }

    pub(crate) fn margin(&self) -> i32 {
        (self.width() / 20).clamp(10, 32)
    }

    /// A font size: 3 for titles, 2 for main text, anything else for small text.
    pub(crate) fn size(&self, step: i32) -> i32 {
        let unit = self.width().min(self.room() * 3 / 2);
        match step {
            3 => (unit / 16).clamp(14, 29),
            2 => (unit / 26).clamp(10, 19),
            _ => (unit / 34).clamp(8, 15),
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.screen.get(name)
    }

    pub(crate) fn background(&mut self, colour: Rgb888) {
        let (top, size) = (self.top, (self.width(), self.room()));
        self.canvas.fill((0, top), size, 0, colour);
    }

    pub(crate) fn centred(&mut self, text: &str, y: i32, size: i32, colour: Rgb888) {
        let (x, width) = (self.centre(), self.width() - 2 * self.margin());
        let line = Canvas::clipped(text, size, width);
        self.canvas.text(&line, (x, y), size, Align::Centre, colour);
    }

    /// Draws centred lines below each other and returns the `y` of the next line.
    pub(crate) fn paragraph(&mut self, text: &str, y: i32, size: i32, colour: Rgb888, lines_max: usize) -> i32 {
        let width = self.width() - 2 * self.margin();
        let mut y = y;
        for line in Canvas::wrapped(text, size, width, lines_max) {
            self.centred(&line, y, size, colour);
            y += size * 9 / 5;
        }
        y
    }

    /// Draws the screen that its name selects.
    pub(crate) fn draw(mut self) {
        match self.screen.name {
            ScreenName::Off => self.background(theme::BLACK),
            ScreenName::Boot => self.under_way("Starting", "", theme::NIGHT),
            ScreenName::Connecting => self.under_way("Connecting to POS", "", theme::NIGHT),
            ScreenName::Error => self.connection_problem("No connection to POS", theme::BAD),
            ScreenName::Reconnecting => self.connection_problem("Reconnecting to POS", theme::WARN),
            ScreenName::Idle => self.idle(),
            ScreenName::Session => self.session(),
            ScreenName::Prompt => self.prompt(),
            ScreenName::Tender => self.tender(),
            ScreenName::CardEntry => self.card_entry(),
            ScreenName::Keying => self.keypad("Card number", 16, ' '),
            ScreenName::Pin => self.keypad("PIN", 4, '*'),
            ScreenName::Authorising => self.authorising(),
            ScreenName::Approved => self.outcome(true),
            ScreenName::Declined => self.outcome(false),
            ScreenName::RemoveCard => self.remove_card(),
            ScreenName::Pairing => self.pairing(),
            ScreenName::LaneClosed => self.lane_closed(),
            ScreenName::Updating => self.under_way("Installing update", "Please wait", theme::NIGHT),
        }
    }

    fn under_way(&mut self, title: &str, below: &str, ground: Rgb888) {
        self.background(ground);
        let (x, y) = (self.centre(), self.top + self.room() * 36 / 100);
        let radius = (self.room() / 9).clamp(20, 44);
        icons::busy(self.canvas, (x, y), radius, Rgb888::new(0x2B, 0x3A, 0x52), Rgb888::new(0x6A, 0xB0, 0xFF));
        let y = self.top + self.room() * 66 / 100;
        self.centred(title, y, self.size(3), theme::NIGHT_INK);
        let attempt = self.field("ATTEMPT").map(|n| format!("Attempt {n}"));
        let below =
            attempt.unwrap_or_else(|| if below.is_empty() { self.model.name.to_owned() } else { below.to_owned() });
        self.centred(&below, y + self.size(3) + self.size(2), self.size(2), theme::NIGHT_FAINT);
    }

    fn connection_problem(&mut self, title: &str, colour: Rgb888) {
        self.background(theme::GROUND);
        let (x, radius) = (self.centre(), (self.room() / 9).clamp(20, 44));
        let y = self.top + self.room() * 24 / 100;
        icons::alert(self.canvas, (x, y), radius, colour, theme::PAPER);
        let y = self.top + self.room() * 50 / 100;
        self.centred(title, y, self.size(3), theme::INK);
        let (text, size) = (self.screen.text.clone(), self.size(2));
        let text = if text.is_empty() { "The connection was lost".to_owned() } else { capitalised(&text) };
        let y = self.paragraph(&text, y + size * 5 / 2, size, theme::FAINT, 3);
        let attempt = self.field("ATTEMPT").filter(|n| *n != "0").map(|n| format!("Attempt {n}"));
        let next = self.field("NEXT").and_then(seconds).map(|at| at.saturating_sub(self.now).as_secs_f64().ceil());
        let next = next.map(|s| format!("Next attempt in {s:.0} s"));
        let line: Vec<String> = attempt.into_iter().chain(next).collect();
        self.centred(&line.join("  -  "), (y + size).min(self.bottom() - self.margin()), self.size(1), theme::INK);
    }

    fn idle(&mut self) {
        self.background(theme::NIGHT);
        let y = self.top + self.room() * 46 / 100;
        self.centred("Welcome", y, (self.size(3) * 3 / 2).min(29), theme::NIGHT_INK);
        let width = self.width() / 6;
        let (x, line) = (self.centre() - width / 2, y + self.size(3));
        self.canvas.fill((x, line), (width, 4), 2, Rgb888::new(0x6A, 0xB0, 0xFF));
        self.centred("Ready for your payment", line + self.size(2) * 3, self.size(2), theme::NIGHT_FAINT);
    }

    fn header(&mut self, title: &str, value: &str) -> i32 {
        let (margin, size) = (self.margin(), self.size(2));
        let height = size * 3;
        let (top, width) = (self.top, self.width());
        self.canvas.fill((0, top), (width, height), 0, theme::ACCENT);
        let y = top + height / 2 + size / 2;
        let value_width = Canvas::width_of(value, size);
        let title = Canvas::clipped(title, size, width - 3 * margin - value_width);
        self.canvas.text(&title, (margin, y), size, Align::Left, theme::PAPER);
        self.canvas.text(value, (width - margin, y), size, Align::Right, theme::PAPER);
        top + height
    }

    fn session(&mut self) {
        self.background(theme::GROUND);
        let invoice = format!("Invoice {}", self.field("INVOICE").unwrap_or_default());
        let training = if self.field("TRAINING_MODE").is_some() { "TRAINING" } else { "" };
        let mut y = self.header(&invoice, training);
        let (margin, size) = (self.margin(), self.size(1));
        let panel = self.field("PANEL").map(str::to_owned).filter(|_| self.width() > 600);
        let left = if panel.is_some() { self.width() / 3 } else { 0 };
        if let Some(text) = panel {
            let (top, height) = (y, self.bottom() - y);
            self.canvas.fill((0, top), (left, height), 0, theme::NIGHT);
            let lines = Canvas::wrapped(&text, self.size(2), left - 2 * margin, 6);
            let mut at = top + height / 2 - self.size(2) * 9 / 10 * i32::try_from(lines.len()).unwrap_or(1);
            for line in lines {
                self.canvas.text(&line, (left / 2, at), self.size(2), Align::Centre, theme::NIGHT_INK);
                at += self.size(2) * 2;
            }
        }
        let totals = self.totals();
        let row = size * 2 + 2;
        let totals_height = row * i32::try_from(totals.len()).unwrap_or(0) + if totals.is_empty() { 0 } else { size };
        let lines: Vec<String> =
            self.field("LINES").map(|all| all.split('|').take(500).map(str::to_owned).collect()).unwrap_or_default();
        let room = (self.bottom() - totals_height - y - size) / row;
        let hidden = lines.len().saturating_sub(usize::try_from(room.max(0)).unwrap_or(0));
        y += row;
        for line in lines.iter().skip(hidden) {
            let (what, price) = line.rsplit_once(' ').unwrap_or((line, ""));
            let (x, end) = (left + margin, self.width() - margin);
            let what = Canvas::clipped(what, size, end - x - Canvas::width_of(price, size) - margin);
            self.canvas.text(&what, (x, y), size, Align::Left, theme::INK);
            self.canvas.text(price, (end, y), size, Align::Right, theme::INK);
            self.canvas.line((x, y + size / 2), (end, y + size / 2), (1, theme::RULE));
            y += row;
        }
        if lines.is_empty() && totals.is_empty() {
            let text = "Your items appear here";
            let (x, y) = (left + (self.width() - left) / 2, self.top + self.room() * 55 / 100);
            self.canvas.text(text, (x, y), self.size(2), Align::Centre, theme::FAINT);
        }
        self.draw_totals(&totals, left, row, totals_height);
    }

    fn totals(&self) -> Vec<(&'static str, String)> {
        const TOTALS: &[(&str, &str)] = &[
            ("RUNNING_SUB_TOTAL", "Subtotal"),
            ("RUNNING_TAX_AMOUNT", "Tax"),
            ("RUNNING_DISCOUNT_AMOUNT", "Discount"),
            ("RUNNING_TRANS_AMOUNT", "Total"),
        ];
        TOTALS.iter().filter_map(|(field, label)| Some((*label, self.field(field)?.to_owned()))).collect()
    }

    fn draw_totals(&mut self, totals: &[(&'static str, String)], left: i32, row: i32, height: i32) {
        if totals.is_empty() {
            return;
        }
        let (margin, size) = (self.margin(), self.size(1));
        let top = self.bottom() - height;
        let width = self.width() - left;
        self.canvas.fill((left, top), (width, height), 0, theme::PAPER);
        self.canvas.line((left, top), (left + width, top), (2, theme::ACCENT));
        let mut y = top + row;
        for (label, value) in totals {
            let is_total = *label == "Total";
            let (size, colour) = if is_total { (size + 3, theme::INK) } else { (size, theme::FAINT) };
            self.canvas.text(label, (left + margin, y), size, Align::Left, colour);
            let end = self.width() - margin;
            self.canvas.text(value, (end, y), size, Align::Right, colour);
            y += row;
        }
    }

    fn amount(&mut self) -> i32 {
        let amount = self.field("AMOUNT").unwrap_or_default().to_owned();
        let y = self.top + self.size(1) * 3;
        if amount.is_empty() {
            return y;
        }
        self.centred("Amount", y, self.size(1), theme::FAINT);
        let size = (self.width() / 14).clamp(self.size(3) * 3 / 2, 46);
        let y = y + size + self.size(1) * 3 / 2;
        self.centred(&amount, y, size, theme::INK);
        y
    }

    fn card_entry(&mut self) {
        self.background(theme::GROUND);
        let y = self.amount();
        let all = [(CardMovement::Tap, "Tap"), (CardMovement::Insert, "Insert"), (CardMovement::Swipe, "Swipe")];
        let without = usize::from(!self.screen.text.starts_with("Tap"));
        let ways = &all[without..];
        let count = i32::try_from(ways.len()).unwrap_or(1);
        let slot = (self.width() - 2 * self.margin()) / count;
        let width = (slot * 76 / 100).min(self.room() * 2 / 5);
        let top = y + (self.bottom() - y) / 2 - width * 62 / 200 - self.size(2);
        let mut x = self.margin() + (slot - width) / 2;
        for (way, label) in ways {
            icons::card(self.canvas, (x, top), width, *way);
            let at = (x + width / 2, top + width * 62 / 100 + self.size(2) * 2);
            self.canvas.text(label, at, self.size(2), Align::Centre, theme::INK);
            x += slot;
        }
        self.keys("Cancel", "");
    }

    /// Draws the labels of the two outer keys: red on the left, green on the right.
    pub(crate) fn keys(&mut self, red: &str, green: &str) {
        let (margin, size) = (self.margin(), self.size(1));
        let (height, y) = (size * 5 / 2, self.bottom() - self.size(1) * 7 / 2);
        for (label, colour, is_right) in [(red, theme::BAD, false), (green, theme::GOOD, true)] {
            if label.is_empty() {
                continue;
            }
            let width = Canvas::width_of(label, size) + 2 * size;
            let x = if is_right { self.width() - margin - width } else { margin };
            self.canvas.fill((x, y), (width, height), size / 2, colour);
            let at = (x + width / 2, y + height / 2 + size / 2);
            self.canvas.text(label, at, size, Align::Centre, theme::PAPER);
        }
    }

    fn keypad(&mut self, label: &str, boxes: i32, sign: char) {
        self.background(theme::GROUND);
        let below = self.amount();
        let y = below + (self.bottom() - below) * 28 / 100;
        let text = self.screen.text.clone();
        self.centred(if text.is_empty() { label } else { &text }, y, self.size(2), theme::INK);
        let (width, height) = ((self.width() * 2 / 3).min(boxes * self.size(3) * 2), self.size(3) * 2);
        let (x, top) = (self.centre() - width / 2, y + self.size(2));
        self.canvas.fill((x, top), (width, height), 6, theme::PAPER);
        self.canvas.outline((x, top), (width, height), 6, theme::ACCENT);
        if sign == '*' {
            for place in 0..boxes {
                let at = x + width * (2 * place + 1) / (2 * boxes);
                self.canvas.disc((at, top + height / 2), (self.size(3) / 5).max(3), theme::RULE);
            }
        } else {
            self.canvas.line((x + 10, top + 8), (x + 10, top + height - 8), (2, theme::INK));
        }
        self.keys("Cancel", "Enter");
    }

    fn authorising(&mut self) {
        self.background(theme::GROUND);
        let y = self.amount();
        let radius = (self.room() / 10).clamp(18, 40);
        let at = (self.centre(), y + (self.bottom() - y) * 2 / 5);
        icons::busy(self.canvas, at, radius, theme::RULE, theme::ACCENT);
        let text = self.screen.text.clone();
        self.centred(&text, at.1 + radius + self.size(2) * 3, self.size(2), theme::INK);
    }

    fn outcome(&mut self, approved: bool) {
        let ground = if approved { theme::GOOD } else { theme::BAD };
        self.background(ground);
        let (x, y, radius) = (self.centre(), self.top + self.room() * 38 / 100, (self.room() / 6).clamp(28, 74));
        if approved {
            icons::tick(self.canvas, (x, y), radius, theme::PAPER, ground);
        } else {
            icons::cross(self.canvas, (x, y), radius, theme::PAPER, ground);
        }
        let word = if approved { "Approved" } else { "Declined" };
        let below = y + radius + self.size(3) * 2;
        self.centred(word, below, self.size(3), theme::PAPER);
        let text = capitalised(&self.screen.text.to_lowercase());
        if !text.is_empty() && !text.to_lowercase().starts_with(&word.to_lowercase()[..6]) {
            self.paragraph(&text, below + self.size(2) * 5 / 2, self.size(2), theme::PAPER, 2);
        }
    }

    fn remove_card(&mut self) {
        self.background(theme::GROUND);
        let width = (self.width() / 3).min(self.room() / 2);
        let top = self.top + self.room() * 40 / 100 - width * 31 / 100;
        icons::card(self.canvas, (self.centre() - width / 2, top), width, CardMovement::Remove);
        let text = self.screen.text.clone();
        self.centred(&text, top + width * 62 / 100 + self.size(3) * 2, self.size(3), theme::INK);
    }

    fn pairing(&mut self) {
        self.background(theme::GROUND);
        let count = self.field("DIGITS").and_then(|n| n.parse().ok()).unwrap_or(4);
        let text = self.screen.text.clone();
        let y = self.top + self.room() * 30 / 100;
        self.centred("Pair with a POS", y, self.size(3), theme::INK);
        self.centred(&text, y + self.size(2) * 3, self.size(2), theme::FAINT);
        let side = ((self.width() - 2 * self.margin()) / count - 6).min(self.size(3) * 2);
        let mut x = self.centre() - (side + 6) * count / 2 + 3;
        for _ in 0..count {
            self.canvas.fill((x, y + self.size(2) * 5), (side, side * 6 / 5), 6, theme::PAPER);
            self.canvas.outline((x, y + self.size(2) * 5), (side, side * 6 / 5), 6, theme::ACCENT);
            x += side + 6;
        }
        self.keys("Cancel", "Enter");
    }

    fn lane_closed(&mut self) {
        self.background(theme::NIGHT);
        let colour = self.field("COLOUR").and_then(theme::read).unwrap_or(theme::NIGHT_INK);
        let size = self.field("SIZE").and_then(|n| n.parse::<i32>().ok()).unwrap_or(30).clamp(8, 58) / 2;
        let text = self.screen.text.clone();
        let lines = Canvas::wrapped(&text, size.max(8), self.width() - 2 * self.margin(), 4);
        let height = size * 2 * i32::try_from(lines.len()).unwrap_or(1);
        self.paragraph(&text, self.top + (self.room() - height) / 2 + size * 3 / 2, size.max(8), colour, 4);
    }

    fn tender(&mut self) {
        self.background(theme::GROUND);
        let y = self.amount();
        self.centred("How would you like to pay?", y + self.size(2) * 5 / 2, self.size(2), theme::INK);
        let labels: Vec<String> =
            self.field("TENDERS").unwrap_or_default().split('|').map(|w| capitalised(&w.to_lowercase())).collect();
        self.buttons(&labels, &[], y + self.size(2) * 4);
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Parses a time as a screen's field holds it: seconds with three decimals.
fn seconds(text: &str) -> Option<Duration> {
    text.parse::<f64>().ok().filter(|s| (0.0..1e9).contains(s)).map(Duration::from_secs_f64)
}
