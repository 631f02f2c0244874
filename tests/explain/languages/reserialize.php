<?php
// Reads bodies in base64, one a line; prints what PHP makes of each, as form and base64.
$flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
foreach (explode("\n", trim(stream_get_contents(STDIN))) as $index => $line) {
    $raw = base64_decode($line);
    $value = json_decode($raw, true);
    if ($value === null) {
        continue;
    }
    $forms = [
        "json-php" => json_encode($value),
        "json-php-unescaped" => json_encode($value, $flags),
        "json-php-fraction" => json_encode($value, $flags | JSON_PRESERVE_ZERO_FRACTION),
        "json-php-object" => json_encode(json_decode($raw)),
        "json-php-pretty" => json_encode($value, JSON_PRETTY_PRINT),
        "html-escaped" => htmlspecialchars($raw),
        "form-decoded" => urldecode($raw),
        "text-php-array" => @"$value",
        "trimmed" => trim($raw),
    ];
    foreach ($forms as $form => $written) {
        if ($written !== false) {
            echo "$index $form ", base64_encode($written), "\n";
        }
    }
}
