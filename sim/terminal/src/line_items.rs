//! The line items of a session. The terminal adds nothing up: the POS sends all running totals with every message.

use sca_protocol::xml::Element;

use crate::context::Task;

/// One line item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    id: String,
    description: String,
    quantity: String,
    price: String,
    /// For an offer: the LINE_ITEM_ID of the merchandise it applies to.
    offer_for: Option<String>,
}

/// The line items of a session and the totals below them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Items {
    lines: Vec<Item>,
    totals: Vec<(&'static str, String)>,
    complete: bool,
}

/// Maximum number of line items.
const LINES_MAX: usize = 500;
/// Maximum length of a description, in characters.
const DESCRIPTION_MAX: usize = 40;

const TOTALS: &[&str] = &["RUNNING_SUB_TOTAL", "RUNNING_TAX_AMOUNT", "RUNNING_DISCOUNT_AMOUNT", "RUNNING_TRANS_AMOUNT"];

impl Items {
    /// Adds merchandise and offers: all of them, or none if one is invalid.
    pub(crate) fn add(&mut self, task: &Task) -> Result<(), String> {
        let mut lines = self.lines.clone();
        let list = task.request.element("LINE_ITEMS").map(|group| group.children.as_slice()).unwrap_or_default();
        for element in list {
            let item = read(element)?;
            if lines.iter().any(|line| line.id == item.id) {
                return Err(format!("LINE_ITEM_ID {} is taken", item.id));
            }
            if let Some(of) = &item.offer_for
                && !lines.iter().any(|line| line.id == *of && line.offer_for.is_none())
            {
                return Err(format!("OFFER_LINE_ITEM {of} is no merchandise above it"));
            }
            lines.push(item);
        }
        if lines.len() > LINES_MAX {
            return Err(format!("LINE_ITEMS has more than {LINES_MAX} lines"));
        }
        self.lines = lines;
        self.total(task);
        Ok(())
    }

    /// Changes merchandise. An offer, or merchandise with an offer, is refused.
    pub(crate) fn replace(&mut self, task: &Task) -> Result<(), String> {
        let mut lines = self.lines.clone();
        let nested = task.request.element("LINE_ITEMS").map(|group| group.children.as_slice()).unwrap_or_default();
        let groups: Vec<&Element> = task.request.element("MERCHANDISE").into_iter().chain(nested).collect();
        if groups.is_empty() {
            return Err("MERCHANDISE is missing".to_owned());
        }
        for group in groups {
            replace_one(&mut lines, group, task.get("LINE_ITEM_ID"))?;
        }
        self.lines = lines;
        self.total(task);
        Ok(())
    }

    /// Removes line items; with merchandise also its offers.
    pub(crate) fn remove(&mut self, task: &Task) -> Result<(), String> {
        let nested = task.request.element("LINE_ITEMS").map(|group| group.children.as_slice()).unwrap_or_default();
        let ids = nested.iter().flat_map(|line| &line.children).filter(|c| c.name == "LINE_ITEM_ID").map(|c| &c.text);
        let ids: Vec<String> = ids.cloned().chain(task.get("LINE_ITEM_ID").map(str::to_owned)).collect();
        if ids.is_empty() {
            return Err("LINE_ITEM_ID is missing".to_owned());
        }
        if let Some(unknown) = ids.iter().find(|id| !self.lines.iter().any(|line| line.id == **id)) {
            return Err(format!("LINE_ITEM_ID {unknown} is not there"));
        }
        self.lines.retain(|line| !ids.contains(&line.id) && line.offer_for.as_ref().is_none_or(|of| !ids.contains(of)));
        self.total(task);
        Ok(())
    }

    /// Removes all line items.
    pub(crate) fn clear(&mut self, task: &Task) {
        self.lines.clear();
        self.total(task);
    }

    /// Marks the list as complete.
    pub(crate) fn end(&mut self) {
        self.complete = true;
    }

    /// Replaces the totals: one that the request leaves out is no longer shown.
    fn total(&mut self, task: &Task) {
        self.totals = TOTALS.iter().filter_map(|name| Some((*name, task.get(name)?.to_owned()))).collect();
    }

    /// The fields of the session's screen: number of items, their texts, the totals.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if !self.lines.is_empty() {
            fields.push(("ITEMS", self.lines.len().to_string()));
            let last = self.lines.iter().map(Item::shown).collect::<Vec<_>>().join("|");
            fields.push(("LINES", last));
        }
        fields.extend(self.totals.iter().cloned());
        if self.complete {
            fields.push(("COMPLETE", "YES".to_owned()));
        }
        fields
    }
}

impl Item {
    fn shown(&self) -> String {
        let quantity = if self.quantity.is_empty() { String::new() } else { format!("{} x ", self.quantity) };
        format!("{quantity}{} {}", self.description, self.price).trim_end().to_owned()
    }
}

/// Changes one line item; its LINE_ITEM_ID may be next to its group instead of in it.
fn replace_one(lines: &mut [Item], group: &Element, beside: Option<&str>) -> Result<(), String> {
    let field = |name: &str| group.children.iter().find(|c| c.name == name).map(|c| c.text.clone());
    if group.name != "MERCHANDISE" {
        return Err(format!("OVERRIDE takes MERCHANDISE, not {}", head(&group.name)));
    }
    let id = field("LINE_ITEM_ID").or_else(|| beside.map(str::to_owned)).ok_or("LINE_ITEM_ID is missing")?;
    if lines.iter().any(|line| line.offer_for.as_deref() == Some(&id)) {
        return Err(format!("LINE_ITEM_ID {} has an offer", head(&id)));
    }
    let missing = || format!("LINE_ITEM_ID {} is not there", head(&id));
    let line = lines.iter_mut().find(|line| line.id == id).ok_or_else(missing)?;
    if line.offer_for.is_some() {
        return Err(format!("LINE_ITEM_ID {id} is an offer"));
    }
    if let Some(price) = price(group, "EXTENDED_PRICE")? {
        line.price = price;
    }
    if let Some(text) = field("DESCRIPTION").filter(|text| !text.is_empty()) {
        line.description = text.chars().take(DESCRIPTION_MAX).collect();
    }
    if let Some(quantity) = field("QUANTITY") {
        line.quantity = quantity.chars().take(10).collect();
    }
    Ok(())
}

/// An amount field of a line item; `None` if it is absent.
fn price(element: &Element, name: &str) -> Result<Option<String>, String> {
    let text = element.children.iter().find(|c| c.name == name).map(|c| c.text.clone());
    match text {
        Some(text) if !text.is_empty() && sca_protocol::commands::parse_amount(&text).is_none() => {
            Err(format!("{name} is no amount"))
        }
        text => Ok(text),
    }
}

fn read(element: &Element) -> Result<Item, String> {
    let field = |name: &str| element.children.iter().find(|c| c.name == name).map(|c| c.text.clone());
    let is_offer = match element.name.as_str() {
        "MERCHANDISE" => false,
        "OFFER" => true,
        other => return Err(format!("LINE_ITEMS holds MERCHANDISE and OFFER, not {}", head(other))),
    };
    let need = |name: &str| field(name).filter(|v| !v.is_empty()).ok_or_else(|| format!("{name} is missing"));
    let id = need("LINE_ITEM_ID")?;
    if id.len() > 10 || !id.bytes().all(|b| b.is_ascii_digit()) {
        return Err("LINE_ITEM_ID must have 1 to 10 digits".to_owned());
    }
    let description: String = need("DESCRIPTION")?.chars().take(DESCRIPTION_MAX).collect();
    let price = price(element, if is_offer { "OFFER_AMOUNT" } else { "EXTENDED_PRICE" })?.unwrap_or_default();
    let offer_for = if is_offer { Some(need("OFFER_LINE_ITEM")?) } else { None };
    let price = if is_offer && !price.is_empty() { format!("-{price}") } else { price };
    Ok(Item {
        id,
        description,
        quantity: field("QUANTITY").unwrap_or_default().chars().take(10).collect(),
        price,
        offer_for,
    })
}

fn head(text: &str) -> String {
    text.chars().take(40).collect()
}
