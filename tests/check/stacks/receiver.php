<?php

// PHP keeps nothing between requests: an event is a file, and only one process can make it.
function is_genuine(string $header, string $body): bool
{
    $parts = explode(',', $header);
    $times = $signatures = [];
    foreach (array_slice($parts, 1) as $part) {
        [$key, $value] = array_pad(explode('=', $part, 2), 2, '');
        if ($key === 't') {
            $times[] = $value;
        } elseif ($key === 'sig') {
            $signatures[] = $value;
        }
    }
    if ($parts[0] !== 'v1' || count($times) !== 1 || !preg_match('/\A[0-9]{1,12}\z/', $times[0])) {
        return false;
    }
    $secret = getenv('PIVOTAL_WEBHOOK_SECRET');
    $expected = base64_encode(hash_hmac('sha256', $times[0] . '.' . $body, $secret, true));
    $signed = false;
    foreach ($signatures as $signature) {
        $signed = hash_equals($expected, $signature) || $signed;
    }
    return $signed && abs(time() - (int) $times[0]) <= 300;
}

function event_file(string $id): string
{
    return getenv('EVENTS') . '/' . hash('sha256', $id);
}

function status(): int
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        return 405;
    }
    $body = file_get_contents('php://input');
    if (!is_genuine(trim($_SERVER['HTTP_PIVOTAL_SIGNATURE'] ?? ''), $body)) {
        return 401;
    }
    $event = json_decode($body, true);
    if (!is_array($event) || !is_string($event['id'] ?? null) || !is_string($event['type'] ?? null)) {
        return 400;
    }
    if ($made = @fopen(event_file($event['id']), 'x')) {
        fwrite($made, $event['type']);
        fclose($made);
    }
    return 200;
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (str_starts_with($path, '/count/')) {
    echo file_exists(event_file(substr($path, 7))) ? 1 : 0;
} elseif ($path === '/webhooks/pivotal') {
    http_response_code(status());
} else {
    http_response_code(404);
}
