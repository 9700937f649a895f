//! Pages of HTML that need nothing beside them.

/// Fills title, style, data and script into an HTML page.
pub(crate) fn fill_page(page: &str, title: &str, style: &str, script: &str, json: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // Only these characters can end a script element or begin a comment in it.
    let json = json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    let parts = [("{title}", title.as_str()), ("{style}", style), ("{data}", &json), ("{script}", script)];
    let (mut out, mut rest) = (String::with_capacity(page.len() + script.len() + json.len()), page);
    // The placeholders occur in this order, so inserted text is never searched for them.
    for (place, text) in parts {
        let (before, after) = rest.split_once(place).unwrap_or((rest, ""));
        out.extend([before, text]);
        rest = after;
    }
    out + rest
}
