def handle(event, context):
    """
    event: body (bytes), headers, method, query, path. What is returned is the answer: a str, bytes, a dict for JSON, or
    {"statusCode": …, "headers": {…}, "body": …}. An exception is a 500.
    """
    if event.method not in ("GET", "POST"):
        return {"statusCode": 405, "headers": {"Allow": "GET, POST"}, "body": "Use GET or POST.\n"}
    name = event.query.get("name") or event.body.decode().strip() or "world"
    return f"Hello, {name}!\n"
