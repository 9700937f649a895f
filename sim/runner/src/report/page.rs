//! Pages of HTML that need nothing beside them.

/// A page of HTML with its title, style, data and script in their places.
pub(crate) fn filled(page: &str, title: &str, style: &str, script: &str, json: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // In a script element nothing but these can end it or begin a comment.
    let json = json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    let parts = [("{title}", title.as_str()), ("{style}", style), ("{data}", &json), ("{script}", script)];
    let (mut out, mut rest) = (String::with_capacity(page.len() + script.len() + json.len()), page);
    // The places stand in this order, so what is filled in is never looked at again.
    for (place, text) in parts {
        let (before, after) = rest.split_once(place).unwrap_or((rest, ""));
        out.extend([before, text]);
        rest = after;
    }
    out + rest
}
