"""`/api/v1`: what programs may do. Bearer tokens with scopes, one error shape, OpenAPI at `/api/v1/openapi.json`."""
