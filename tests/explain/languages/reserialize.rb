# Reads bodies in base64, one a line; prints what Ruby makes of each, as form and base64.
require "base64"
require "json"
$stdin.each_line.with_index do |line, index|
  raw = Base64.decode64(line).force_encoding("UTF-8")
  begin
    value = JSON.parse(raw)
  rescue JSON::ParserError
    next
  end
  forms = {
    "json-ruby" => -> { JSON.generate(value) },
    "json-ruby-pretty" => -> { JSON.pretty_generate(value) },
    "text-ruby-hash" => -> { value.to_s },
    "trimmed" => -> { raw.strip },
    "newline-removed" => -> { raw.chomp },
  }
  forms.each do |form, write|
    puts "#{index} #{form} #{Base64.strict_encode64(write.call)}"
  rescue JSON::GeneratorError, ArgumentError
    next
  end
end
