//! One session with an editor: the texts it has open, and an answer to each thing it asks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Notification as _,
    PublishDiagnostics,
};
use lsp_types::request::{Completion, Formatting, HoverRequest, Request as _};
use lsp_types::{
    CompletionOptions, CompletionParams, CompletionResponse, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentFormattingParams, Hover, HoverContents, HoverParams, HoverProviderCapability,
    MarkupContent, MarkupKind, OneOf, Position, PublishDiagnosticsParams, Range, ServerCapabilities,
    TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextEdit,
    Uri,
};
use sca_scenario::Span;

use crate::complete::complete;
use crate::diagnose::diagnose;
use crate::hover::hover;
use crate::place::{chars_before, path_of, range_of};

/// Why a session ends before it is over.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The editor does not keep to the protocol.
    #[error("the editor does not keep to the protocol: {0}")]
    Protocol(#[from] lsp_server::ProtocolError),
    /// What it sent cannot be read.
    #[error("what the editor sent cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Nobody is there any more.
    #[error("the editor has gone")]
    Gone,
    /// The streams broke.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Texts that one session has open.
const OPEN_MAX: usize = 1_000;

/// Serves an editor on standard input and output, until it is done.
///
/// # Errors
/// [`ServeError`].
pub fn serve() -> Result<(), ServeError> {
    let (connection, threads) = Connection::stdio();
    let served = serve_on(&connection);
    drop(connection);
    threads.join()?;
    served
}

fn serve_on(connection: &Connection) -> Result<(), ServeError> {
    let capabilities = ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(true.into()),
            ..TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([" ", "=", "{", ">"].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    };
    connection.initialize(serde_json::to_value(capabilities)?)?;
    let mut session = Session { texts: BTreeMap::new(), clauses: sca_protocol::clauses::ids() };
    for message in &connection.receiver {
        let answer = match message {
            Message::Request(request) if connection.handle_shutdown(&request)? => return Ok(()),
            Message::Request(request) => vec![Message::Response(session.answer(request))],
            Message::Notification(notification) => session.hear(notification)?,
            Message::Response(_) => Vec::new(),
        };
        for message in answer {
            connection.sender.send(message).map_err(|_| ServeError::Gone)?;
        }
    }
    Ok(())
}

struct Session {
    texts: BTreeMap<String, Open>,
    clauses: Vec<&'static str>,
}

struct Open {
    uri: Uri,
    path: PathBuf,
    text: String,
}

impl Session {
    fn hear(&mut self, notification: Notification) -> Result<Vec<Message>, ServeError> {
        let params = notification.params;
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                let params: DidOpenTextDocumentParams = serde_json::from_value(params)?;
                self.take(params.text_document.uri, params.text_document.text)
            }
            DidChangeTextDocument::METHOD => {
                let params: DidChangeTextDocumentParams = serde_json::from_value(params)?;
                match params.content_changes.into_iter().next_back() {
                    Some(change) => self.take(params.text_document.uri, change.text),
                    None => Ok(Vec::new()),
                }
            }
            // A library that was saved may mend what uses it.
            DidSaveTextDocument::METHOD => self.texts.values().map(|open| self.published(open)).collect(),
            DidCloseTextDocument::METHOD => {
                let params: DidCloseTextDocumentParams = serde_json::from_value(params)?;
                self.texts.remove(params.text_document.uri.as_str());
                let nothing = PublishDiagnosticsParams::new(params.text_document.uri, Vec::new(), None);
                Ok(vec![publish(nothing)])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn take(&mut self, uri: Uri, text: String) -> Result<Vec<Message>, ServeError> {
        let path = path_of(&uri).unwrap_or_else(|| PathBuf::from("untitled.sca"));
        let open = Open { uri, path, text };
        let published = self.published(&open)?;
        if self.texts.len() < OPEN_MAX || self.texts.contains_key(open.uri.as_str()) {
            self.texts.insert(open.uri.as_str().to_owned(), open);
        }
        Ok(vec![published])
    }

    fn published(&self, open: &Open) -> Result<Message, ServeError> {
        let found = diagnose(&open.path, &open.text, &self.clauses);
        Ok(publish(PublishDiagnosticsParams::new(open.uri.clone(), found, None)))
    }

    fn answer(&self, request: Request) -> Response {
        let id = request.id.clone();
        let answered = match request.method.as_str() {
            Completion::METHOD => self.complete(request.params),
            HoverRequest::METHOD => self.hover(request.params),
            Formatting::METHOD => self.format(request.params),
            other => {
                let message = format!("`{other}` is not known here");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
            }
        };
        match answered {
            Ok(value) => Response::new_ok(id, value),
            Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
        }
    }

    /// The text of a place, its line and the characters before it.
    fn place(&self, place: &TextDocumentPositionParams) -> Option<(&Open, usize, usize)> {
        let open = self.texts.get(place.text_document.uri.as_str())?;
        let line = place.position.line as usize;
        let text = open.text.lines().nth(line).unwrap_or_default();
        Some((open, line, chars_before(text, place.position)))
    }

    fn complete(&self, params: serde_json::Value) -> Result<serde_json::Value, serde_json::Error> {
        let params: CompletionParams = serde_json::from_value(params)?;
        let items = match self.place(&params.text_document_position) {
            Some((open, line, before)) => complete(&open.path, &open.text, line, before),
            None => Vec::new(),
        };
        serde_json::to_value(CompletionResponse::Array(items))
    }

    fn hover(&self, params: serde_json::Value) -> Result<serde_json::Value, serde_json::Error> {
        let params: HoverParams = serde_json::from_value(params)?;
        let found = self.place(&params.text_document_position_params).and_then(|(open, line, at)| {
            let (value, from, length) = hover(&open.path, &open.text, line, at)?;
            let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let span = Span { file: 0, line: small(line) + 1, column: small(from) + 1, length: small(length) };
            let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
            Some(Hover { contents, range: Some(range_of(&open.text, span)) })
        });
        serde_json::to_value(found)
    }

    /// The one layout as a change of the whole text; none where the text is not valid, since its blocks may not be what
    /// they seem.
    fn format(&self, params: serde_json::Value) -> Result<serde_json::Value, serde_json::Error> {
        let params: DocumentFormattingParams = serde_json::from_value(params)?;
        let Some(open) = self.texts.get(params.text_document.uri.as_str()) else {
            return serde_json::to_value(Vec::<TextEdit>::new());
        };
        let is_valid = diagnose(&open.path, &open.text, &self.clauses)
            .iter()
            .all(|found| found.severity != Some(lsp_types::DiagnosticSeverity::ERROR));
        let new = sca_scenario::format(&open.text).ok().filter(|new| is_valid && *new != open.text);
        let lines = u32::try_from(open.text.lines().count()).unwrap_or(u32::MAX);
        let whole = Range::new(Position::new(0, 0), Position::new(lines.saturating_add(1), 0));
        serde_json::to_value(new.map(|text| TextEdit::new(whole, text)).into_iter().collect::<Vec<_>>())
    }
}

fn publish(params: PublishDiagnosticsParams) -> Message {
    Message::Notification(Notification::new(PublishDiagnostics::METHOD.to_owned(), params))
}
