{{/* In lower case, as Ingress and HTTPRoute require. */}}
{{- define "holdfast.host" -}}
{{ (urlParse .Values.publicUrl).hostname | lower }}
{{- end -}}

{{/* JSON: the roles of each workload. */}}
{{- define "holdfast.roles" -}}
{{- if .Values.single.enabled -}}
{"single": "api,blocks,notify,worker"}
{{- else if .Values.blocks.enabled -}}
{"api": "api,blocks", "blocks": "blocks", "notify": "notify", "worker": "worker"}
{{- else -}}
{"api": "api,blocks", "notify": "notify", "worker": "worker"}
{{- end -}}
{{- end -}}

{{/* JSON: the path of each workload that serves requests. Everything else goes to `main`. */}}
{{- define "holdfast.routes" -}}
{{- $paths := list -}}
{{- if not .Values.single.enabled -}}
{{- range list "notifications/poll" "events" -}}
{{- $paths = append $paths (dict "path" (printf "/api/v1/%s" .) "type" "Exact" "workload" "notify") -}}
{{- end -}}
{{- if .Values.blocks.enabled -}}
{{- $paths = append $paths (dict "path" "/api/v1/files/upload" "type" "Exact" "workload" "blocks") -}}
{{- range list "blocks" "chunks" "signed" "thumbs" "upload" -}}
{{- $paths = append $paths (dict "path" (printf "/api/v1/%s" .) "type" "Prefix" "workload" "blocks") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $main := ternary "single" "api" .Values.single.enabled -}}
{{- append $paths (dict "path" "/" "type" "Prefix" "workload" $main) | toJson -}}
{{- end -}}

{{/* All pods of the release. Argument: the root. */}}
{{- define "holdfast.instance" -}}
app.kubernetes.io/name: holdfast
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* Arguments: root, name of the workload. */}}
{{- define "holdfast.selector" -}}
{{ include "holdfast.instance" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "holdfast.labels" -}}
{{ include "holdfast.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{/* Name and labels of an object. Arguments: root, name of the workload. */}}
{{- define "holdfast.metadata" -}}
name: {{ .root.Release.Name }}-{{ .name }}
namespace: {{ .root.Release.Namespace | quote }}
labels: {{- include "holdfast.labels" . | nindent 2 }}
{{- end -}}

{{- define "holdfast.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The settings file. */}}
{{- define "holdfast.config" -}}
{{- $own := dict "public_url" .Values.publicUrl "behind_proxy" .Values.behindProxy -}}
{{- $defaults := ternary (dict) (dict "thumb_cache_bytes" "1G") .Values.single.enabled -}}
{{- mergeOverwrite $defaults (deepCopy .Values.settings) $own | toPrettyJson -}}
{{- end -}}
