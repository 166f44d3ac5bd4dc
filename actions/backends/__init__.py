"""The company's own systems, as the assistant's actions see them: one module per system, one function per call.

Every function here is synchronous and takes at most `TELLONCE_COMPANY_TIMEOUT_S`; actions call them inside
`asyncio.to_thread`. `openapi.yml` is the contract; each function is named by an `operationId` in it.
"""
