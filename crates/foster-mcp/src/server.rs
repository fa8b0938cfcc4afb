use std::borrow::Cow;
use std::sync::Arc;

use foster_api::Door;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, Implementation,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use tokio_util::sync::CancellationToken;

use crate::call::Calls;
use crate::instructions::INSTRUCTIONS;
use crate::resources;
use crate::subscriptions::{Hearer, Subscriptions};
use crate::tools;

/// What is served to one client.
pub struct Server {
    calls: Calls,
    subscriptions: Subscriptions,
}

type Result<T> = std::result::Result<T, ErrorData>;

impl Server {
    /// Returns a server whose calls end when `closing` is cancelled.
    pub fn new(door: Door, closing: CancellationToken) -> Self {
        let door = Arc::new(door);
        Self {
            subscriptions: Subscriptions::new(door.clone()),
            calls: Calls::new(door, closing),
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_resources_subscribe()
            .build();
        let foster = Implementation::new("foster", self.calls.version()).with_title("Foster");
        ServerConfig::new(capabilities)
            .with_server_info(foster)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse> {
        let verb = tools::verb(&call.name)?;
        let fields = call.arguments.unwrap_or_default();
        let result = self.calls.tool(verb, fields, &context).await;
        Ok(CallToolResponse::Complete(result))
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult> {
        let cursor = page.and_then(|page| page.cursor);
        resources::list(&self.calls, cursor, &context).await
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult> {
        Ok(resources::templates())
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse> {
        let read = resources::read(&self.calls, &asked.uri, &context).await?;
        Ok(ReadResourceResponse::Complete(read))
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.subscriptions.tell_of_lists(&context.peer);
    }

    async fn subscribe(
        &self,
        asked: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<()> {
        resources::read_job(&self.calls, &asked.uri, &context).await?;
        self.subscriptions.add(&asked.uri, &context.peer)
    }

    async fn unsubscribe(
        &self,
        asked: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<()> {
        self.subscriptions.remove(&asked.uri)
    }

    fn accepted_subscription_filter(
        &self,
        asked: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(Subscriptions::acceptable(asked))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<()> {
        let hearing = self
            .subscriptions
            .listen(context.accepted(), Hearer::of(&context))?;
        context.cancelled().await;
        drop(hearing);
        Ok(())
    }

    async fn on_custom_request(
        &self,
        asked: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult> {
        Err(unknown(asked.method))
    }
}

/// Returns the error for a request that no other method has taken: one that is unknown, or one whose fields are
/// not as the protocol has them.
fn unknown(method: String) -> ErrorData {
    let served = [
        "tools/call",
        "resources/read",
        "resources/subscribe",
        "resources/unsubscribe",
        "subscriptions/listen",
        "tools/list",
        "resources/list",
        "resources/templates/list",
    ];
    if served.contains(&&*method) {
        let text = format!("the fields of {method} are not as the protocol has them");
        return ErrorData::invalid_params(text, None);
    }
    let text: Cow<'static, str> = format!("there is no method {:?}", shortened(&method)).into();
    ErrorData::new(rmcp::model::ErrorCode::METHOD_NOT_FOUND, text, None)
}

/// Returns as much of a name as an error repeats.
pub fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}
