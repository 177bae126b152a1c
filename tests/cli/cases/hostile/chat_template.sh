# Templates that never end, grow without bound, recurse, are no templates, or raise an error of their own.
copy_model broken
template() { jq --arg template "$1" '.chat_template = $template' phi3-docs-mini/tokenizer_config.json >broken/tokenizer_config.json; }
rm -f broken/chat_template.jinja
loop='{% for a in range(99999) %}' end='{% endfor %}'
template "$loop$loop$loop$end$end$end"
refuses 3 broken aurea run broken --prompt hi -t 2
template "{% set n = namespace(t='x') %}${loop}{% set n.t = n.t ~ n.t %}$end{{ n.t }}"
refuses 3 broken aurea run broken --prompt hi -t 2
template "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}"
refuses 3 broken aurea run broken --prompt hi -t 2
template "{% for a in messages %}{{ a "
refuses 3 broken aurea run broken --prompt hi -t 2
refuses 3 broken aurea chat broken
template "{{ raise_exception('only one system message') }}"
refuses 3 broken aurea run broken --prompt hi -t 2
